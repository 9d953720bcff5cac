/** Trainings that outlived the server, or were cut off with it: what was started, as files in `.deepem/jobs/`, until it has ended. */

import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../core/errors.js';
import { checkpointOf } from '../storage/checkpoint-file.js';
import { isAlive, readOwnJson, writeWhole } from '../storage/files.js';
import type { ApiCutOff } from './api.js';

const FOLDER = join('.deepem', 'jobs');
const startedSchema = z.object({ arguments: z.array(z.string()), pid: z.number() });

/** What is known of trainings that were started. */
export interface StartedTrainings {
  /** A training runs. @param name - of the model that it makes */
  begin(name: string, args: readonly string[], pid: number): Promise<void>;
  /** It has ended, well or not, and its end was seen. */
  end(name: string): Promise<void>;
  /** Those whose end nobody saw. */
  list(): Promise<ApiCutOff[]>;
  /** Arguments of one that was cut off. @throws UsageError if there is none, or if it runs still */
  argumentsOf(name: string): Promise<string[]>;
}

/**
 * @param project - its folder
 * @param isOurs - whether this server runs a training itself
 */
export function startedTrainings(project: string, isOurs: (name: string) => boolean): StartedTrainings {
  const fileOf = (name: string) => join(project, FOLDER, `${name}.json`);

  const read = (name: string) => readOwnJson(fileOf(name), startedSchema);

  /** Its model is there, and no checkpoint to go on from. */
  const hasEnded = (name: string) => {
    const model = join(project, 'models', `${name}.onnx`);
    return existsSync(model) && !existsSync(checkpointOf(model));
  };

  return {
    begin: (name, args, pid) => writeWhole(fileOf(name), JSON.stringify({ arguments: [...args], pid })),
    end: (name) => rm(fileOf(name), { force: true }),
    async list() {
      const files = await readdir(join(project, FOLDER)).catch(() => []);
      const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
      const found = await Promise.all(
        names.map(async (name) => {
          if (hasEnded(name)) await rm(fileOf(name), { force: true });
          const started = isOurs(name) ? null : await read(name);
          return started ? [{ name, running: isAlive(started.pid) }] : [];
        }),
      );
      return found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async argumentsOf(name) {
      const started = await read(name);
      if (started && !isAlive(started.pid)) return started.arguments;
      throw new UsageError({
        what: started ? `The training of ${name} runs still` : `There is no training of ${name} to go on with`,
        expected: 'one that was cut off',
      });
    },
  };
}
