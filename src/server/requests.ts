/** Checked parts of requests. */

import type { Context as HonoContext } from 'hono';
import { z } from 'zod';
import { UsageError } from '../core/errors.js';
import type { InputMicrograph } from '../storage/inputs.js';
import type { Project } from './project.js';

/** Names of sets of picks and of models: no way out of their folder. */
export const NAME = /^(?!\.)[\w.-]{1,100}$/;

/**
 * The body of a request.
 *
 * @throws UsageError unless it is JSON as the schema has it
 */
export async function bodyOf<T>(c: HonoContext, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new UsageError({ what: 'Wrong request', received: z.prettifyError(parsed.error).replaceAll('\n', ' ') });
}

/**
 * The micrograph that a request names: only those of the project are known, so no path is taken from a request.
 *
 * @throws UsageError if there is none
 */
export function micrographOf(project: Project, id: string): InputMicrograph {
  const input = project.micrographs().get(id);
  if (input) return input;
  throw new UsageError({ what: 'There is no such micrograph', received: id.slice(0, 200) });
}

/** @throws UsageError if the parameter is missing or no number within the limits */
export function numberOf(c: HonoContext, name: string, min = 0, max = 1e6): number {
  const text = c.req.query(name);
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max) return value;
  throw new UsageError({
    what: `Wrong ${name}`,
    received: String(text).slice(0, 40),
    expected: `a number from ${min} to ${max}`,
  });
}

/** @throws UsageError if the parameter is missing or leads elsewhere */
export function nameOf(c: HonoContext, name: string): string {
  const text = c.req.query(name) ?? '';
  if (NAME.test(text)) return text;
  throw new UsageError({ what: `Wrong ${name}`, received: text.slice(0, 100), expected: 'a plain name' });
}

/** The `id` of a request, for `micrographOf`. */
export function idOf(c: HonoContext): string {
  return c.req.query('id') ?? '';
}
