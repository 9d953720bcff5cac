/** What `deepem classes` writes: averages NAME.mrcs, beside them the class of each particle NAME.csv and a summary NAME.json. */

import { z } from 'zod';
import { FileError } from '../core/errors.js';
import type { Particle } from '../core/particle.js';
import { readText, writeWhole } from './files.js';

const summarySchema = z.object({
  program: z.string(),
  /** Of the particle in full-size pixels. */
  diameter: z.number().gt(0),
  classes: z.array(
    z.object({
      /** From 1. */
      class: z.int().min(1),
      particles: z.int().min(1),
      /** Mean correlation of a member with the average of the others. */
      agreement: z.number(),
      /** Mean score of its members; null where picks have none. */
      score: z.number().nullable(),
    }),
  ),
});

/** The classes of a classification, the largest first. */
export type ClassSummary = z.infer<typeof summarySchema>;

/** Paths of the files. */
export interface ClassFiles {
  readonly averages: string;
  readonly members: string;
  readonly summary: string;
}

/** @param averages - ends in .mrcs or .mrc */
export function classFiles(averages: string): ClassFiles {
  const stem = averages.replace(/\.mrcs?$/i, '');
  return { averages, members: `${stem}.csv`, summary: `${stem}.json` };
}

/** A particle, and where it is. */
export interface ClassMemberRow {
  readonly micrograph: string;
  readonly particle: Particle;
}

/** Writes the class of each particle as a table that the csv reader takes, and the summary. */
export async function writeClassFiles(
  { members, summary }: ClassFiles,
  rows: readonly ClassMemberRow[],
  classes: ClassSummary,
): Promise<void> {
  const lines = rows.map(({ micrograph, particle: { x, y, score, class: own } }) =>
    [JSON.stringify(micrograph), x, y, score ?? 'nan', own].join(','),
  );
  await writeWhole(members, `micrograph,x,y,score,class\n${lines.join('\n')}\n`);
  await writeWhole(summary, `${JSON.stringify(classes, null, 1)}\n`);
}

/** @throws FileError if it is missing or damaged */
export async function readClassSummary(file: string): Promise<ClassSummary> {
  const text = await readText(file);
  try {
    return summarySchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FileError(
      { what: `${file} is damaged`, expected: 'the summary that deepem classes writes', hint: 'Classify again' },
      { cause },
    );
  }
}
