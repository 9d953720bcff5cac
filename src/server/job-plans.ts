/** From what a person asks for to commands of this program. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../core/errors.js';
import { boxOfDiameter } from '../core/sizes.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { WRITTEN_FORMATS, writtenFormats } from '../formats/coordinates.js';
import type { ApiJobRequest } from './api.js';
import { CLASSES } from './classes.js';
import type { Context } from './context.js';
import type { JobPlan } from './jobs.js';
import { GENERAL } from './models.js';
import { LOWEST } from './pick-sets.js';
import { LIST } from './project.js';
import { micrographOf, NAME } from './requests.js';
import { writeSelected } from './selected.js';

const side = z.int().min(2).max(8192);
const setName = z.string().regex(NAME);

/** What can be asked for, as a request says it. */
export const jobRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('train'),
    labels: z.enum(['auto', 'complete', 'incomplete']),
    epochs: z.int().min(1).max(1000).nullable(),
    start: z.enum(['auto', 'general']),
    thenPick: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('pick'), model: setName, again: z.boolean() }),
  z.strictObject({ kind: z.literal('general'), micrograph: z.string().max(4096).nullable() }),
  z.strictObject({ kind: z.literal('classes'), set: setName, classes: z.int().min(1).max(50) }),
  z.strictObject({
    kind: z.literal('export'),
    set: setName,
    formats: z.array(z.string()).max(WRITTEN_FORMATS.length),
    particles: z
      .strictObject({ box: side, scaleTo: side.nullable(), invert: z.boolean(), normalize: z.boolean() })
      .nullable(),
  }),
]) satisfies z.ZodType<ApiJobRequest>;

/**
 * Plans a job.
 *
 * @param threshold - of the set of picks that is asked about
 * @throws UsageError if something is missing, such as the diameter
 */
export async function planJob(request: ApiJobRequest, context: Context, threshold: number): Promise<JobPlan> {
  switch (request.kind) {
    case 'train':
      return planTraining(request, context);
    case 'pick':
      return planPicking(request.model, context, {
        how: ['--model', context.models.fileOf(request.model)],
        again: request.again,
      });
    case 'general':
      return planGeneral(request.micrograph, context);
    case 'classes':
      return planClasses(request, context, threshold);
    case 'export':
      return planExport(request, context, threshold);
  }
}

function diameterOf({ project }: Context): number {
  const { diameter } = project.settings();
  if (diameter !== null) return diameter;
  throw new UsageError({ what: 'The diameter of the particle is not known', expected: 'a circle drawn around one' });
}

function pixelSizeArguments({ project }: Context): string[] {
  const pixelSize = project.givenPixelSize();
  return pixelSize === null ? [] : ['--pixel-size', String(pixelSize)];
}

async function planTraining(request: Extract<ApiJobRequest, { kind: 'train' }>, context: Context): Promise<JobPlan> {
  const { project, labels, models } = context;
  const name = await models.newName();
  const some = [...project.micrographs().keys()].some((id) => labels.count(id, 'negative') > 0);
  const negatives = some ? ['--negatives', 'negatives'] : [];
  const command = [
    ...['train', `@${LIST}`, '--picks', 'labels', ...negatives, '--diameter', `${diameterOf(context)}px`],
    ...pixelSizeArguments(context),
    ...(request.labels === 'auto' ? [] : ['--labels', request.labels]),
    ...(request.epochs === null ? [] : ['--epochs', String(request.epochs)]),
    ...(request.start === 'auto' ? [] : ['--start', request.start]),
    ...['-o', models.fileOf(name), '--json'],
  ];
  const plan = trainingPlan(name, command, context);
  return request.thenPick ? withPicking(plan, name, context) : plan;
}

/** A training, and then the picking of all micrographs with what it made. */
function withPicking(training: JobPlan, name: string, context: Context): JobPlan {
  const picking = planPicking(name, context, { how: ['--model', context.models.fileOf(name)], again: false });
  return {
    ...training,
    commands: [...training.commands, ...picking.commands],
    onEvent: (event) => (event.kind === 'micrograph' ? picking.onEvent?.(event) : training.onEvent?.(event)),
    onStart: async (args, pid) => {
      if (args[0] === 'train') await training.onStart?.(args, pid);
      else await training.onEnd?.();
    },
    async onEnd() {
      await training.onEnd?.();
      await picking.onEnd?.();
    },
  };
}

/**
 * Goes on with a training that was cut off: the same command, which begins after its last epoch.
 *
 * @throws UsageError if there is none
 */
export async function planResumption(name: string, context: Context): Promise<JobPlan> {
  return trainingPlan(name, await context.trainings.argumentsOf(name), context);
}

function trainingPlan(name: string, command: readonly string[], { models, trainings, tell }: Context): JobPlan {
  let evaluation: Evaluation | null = null;
  return {
    ...{ kind: 'train', commands: [command], result: name },
    onStart: (args, pid) => trainings.begin(name, args, pid),
    onEvent(event) {
      if (event.kind === 'done') evaluation = event.heldOut;
      return event.kind === 'step' ? event.step / event.steps : undefined;
    },
    async onEnd() {
      await trainings.end(name);
      if (evaluation) await models.keepEvaluation(name, evaluation);
      tell({ kind: 'project' });
    },
  };
}

/** Without a model of one's own. The folder's name holds what decides the results, so that a run is never refused as another one. */
function planGeneral(id: string | null, context: Context): JobPlan {
  const { project } = context;
  const diameter = diameterOf(context);
  const pixelSize = project.givenPixelSize();
  const name = `${GENERAL}-${diameter}px${pixelSize === null ? '' : `-${pixelSize}A`}`;
  return planPicking(name, context, {
    how: ['--diameter', `${diameter}px`],
    again: id === null && existsSync(join(project.folder, 'picks', name)),
    ...(id !== null && { only: micrographOf(project, id).path }),
  });
}

/** How micrographs are picked: with what, whether all again, and which one where it is not all. */
interface Picking {
  readonly how: readonly string[];
  readonly again: boolean;
  readonly only?: string;
}

function planPicking(name: string, context: Context, { how, again, only }: Picking): JobPlan {
  const { project, tell } = context;
  const out = join('picks', name);
  const command = [
    ...['pick', only ?? `@${LIST}`, ...how, '--out', out, '--format', 'csv', '--threshold', String(LOWEST)],
    ...['--root', project.root(), '--save-scores', '--save-left-out', ...pixelSizeArguments(context)],
    ...(again ? ['--force', '--json'] : ['--json']),
  ];
  const changed = () => tell({ kind: 'picks', name });
  const total = only ? 1 : project.micrographs().size;
  let done = 0;
  return {
    ...{ kind: 'pick', commands: [command], result: name },
    onEvent(event) {
      if (event.kind !== 'micrograph') return undefined;
      done++;
      // A few times while it runs, and at the end.
      if (done % Math.ceil(total / 10) === 0) changed();
      return done / total;
    },
    async onEnd() {
      changed();
      tell({ kind: 'project' });
    },
  };
}

async function planClasses(
  { set, classes }: Extract<ApiJobRequest, { kind: 'classes' }>,
  context: Context,
  threshold: number,
): Promise<JobPlan> {
  const stem = join(CLASSES, set);
  const command = [
    ...['classes', await writeSelected(context, set, threshold), `@${LIST}`, '--diameter', `${diameterOf(context)}px`],
    ...['--classes', String(classes), ...pixelSizeArguments(context)],
    ...['-o', `${stem}.mrcs`, '--plot', `${stem}.png`, '--overwrite'],
  ];
  return { kind: 'classes', commands: [command], result: set };
}

/** @throws UsageError if a format is unknown, or nothing is to be written */
async function planExport(
  { set, formats, particles }: Extract<ApiJobRequest, { kind: 'export' }>,
  context: Context,
  threshold: number,
): Promise<JobPlan> {
  const names = formats.length > 0 ? writtenFormats(formats.join(',')).map(({ name }) => name) : [];
  const free = (kind: string) => freeFolder(context.project.folder, kind, set);
  const [out, stacks] = [free('exports'), free('particles')];
  const picks = await writeSelected(context, set, threshold);
  const commands: string[][] = [];
  if (names.length > 0) {
    commands.push([
      ...['convert', picks, '--to', names.join(','), '--out', out, '--micrographs', `@${LIST}`],
      ...boxArguments(context),
    ]);
  }
  if (particles) {
    const { box, scaleTo, invert, normalize } = particles;
    commands.push([
      ...['extract', picks, `@${LIST}`, '--box', String(box), '--out', stacks],
      ...(scaleTo === null ? [] : ['--scale-to', String(scaleTo)]),
      ...(invert ? ['--invert'] : []),
      ...(normalize ? ['--normalize'] : []),
      ...pixelSizeArguments(context),
    ]);
  }
  if (commands.length > 0) return { kind: 'export', commands, result: join(context.project.folder, out) };
  throw new UsageError({ what: 'There is nothing to export', expected: 'a format, or particle stacks' });
}

/** A folder that is not there yet: what was exported before, or what a person put there, stays. */
function freeFolder(project: string, kind: string, set: string): string {
  for (let i = 1; ; i++) {
    const folder = join(kind, i === 1 ? set : `${set}-${i}`);
    if (!existsSync(join(project, folder))) return folder;
  }
}

/** A box of 1.5 diameters, even. */
function boxArguments(context: Context): string[] {
  return ['--box', String(boxOfDiameter(diameterOf(context)))];
}
