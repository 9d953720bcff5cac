/** The token and the port of a project, kept so that a page that is open finds the server again after a restart. */

import { randomBytes } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** In the project's folder, for its owner alone. */
const FILE = '.deepem-serve.json';
const OWNER_ONLY = 0o600;
const TOKEN_BYTES = 24;

const doorSchema = z.strictObject({
  token: z.string().regex(/^[\w-]{32}$/),
  port: z.int().min(1).max(65_535).nullable(),
});

/** How a project's page is reached. */
export type Door = z.infer<typeof doorSchema>;

/** That of the last server of the project; a new token where there is none, or where others could have read it. */
export async function doorOf(folder: string): Promise<Door> {
  const file = join(folder, FILE);
  const mode = (await stat(file).catch(() => null))?.mode ?? 0;
  const fresh = { token: randomBytes(TOKEN_BYTES).toString('base64url'), port: null };
  if ((mode & 0o077) !== 0) return fresh;
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return doorSchema.parse(JSON.parse(text));
  } catch {
    return fresh;
  }
}

/** Keeps how the page is reached; a folder that cannot be written to is no reason not to serve. */
export async function keepDoor(folder: string, door: Door): Promise<void> {
  const file = join(folder, FILE);
  const part = `${file}.${process.pid}`;
  await writeFile(part, `${JSON.stringify(door)}\n`, { mode: OWNER_ONLY })
    .then(() => rename(part, file))
    .catch(() => {});
}
