/** Labels against pixels, before anything is trained: what contradicts them ends the command in its first seconds. */

import { quoted } from '../../cluster/shell.js';
import { LabelError } from '../../core/errors.js';
import { counted } from '../../core/words.js';
import type { CoordinateSet } from '../../storage/coordinate-pairs.js';
import { readMicrograph } from '../../storage/read-micrograph.js';
import { diameterWarnings, type SizedLabels } from '../../verification/label-diameter.js';
import { type LabelVerdict, lookAtLabels, reduceForLook } from '../../verification/label-look.js';
import { forEach } from '../each.js';
import type { Tell } from '../events.js';
import { note, warn } from '../tell.js';
import type { LabelledInput } from './labelled-inputs.js';

/** What is known of the labels beside them. */
export interface EvidenceOptions {
  /** Of the particle in full-size pixels. */
  readonly diameter: number;
  /** As given to the command, for the commands that are suggested. */
  readonly micrographs: readonly string[];
  readonly picks: string;
  /** Goes on whatever the pixels say. */
  readonly force?: boolean;
}

/** Micrographs that are looked at, those with most labels: more only takes longer. */
const MOST_MICROGRAPHS = 12;

/**
 * Looks whether labels lie on particles.
 *
 * @returns the labelled micrographs without those whose labels do not, where those of the others do
 * @throws LabelError if the pixels contradict the labels, unless forced
 */
export async function withEvidence(
  labels: readonly LabelledInput[],
  options: EvidenceOptions,
  tell: Tell,
): Promise<LabelledInput[]> {
  if (options.force) return [...labels];
  const looked = [...labels]
    .filter(({ positives }) => positives.particles.length > 0)
    .sort((a, b) => b.positives.particles.length - a.positives.particles.length)
    .slice(0, MOST_MICROGRAPHS);
  const { patients, read } = await readReduced(looked, options.diameter, tell);
  const box = looked[0]?.positives.box;
  const look = lookAtLabels(patients, { diameter: options.diameter, ...(box !== undefined && { box }) });
  say(look.verdict, options, tell);
  const sized = read.map(({ input, positives }) => sizedLabels(positives, input.pixelSize ?? null));
  for (const warning of diameterWarnings(sized, patients, options.diameter))
    warn(
      tell,
      `${warning}; check --diameter: it is the particle's diameter, not its radius, and px are those of the full-size image`,
    );
  const strangers = look.strangers.map((i) => read[i]);
  if (strangers.length > 0) {
    const names = strangers.map(({ input }) => input.path).join(', ');
    warn(
      tell,
      `left out: the labels of ${names} do not lie on particles, where those of the other micrographs do; ` +
        'perhaps they belong to another micrograph (--force keeps them)',
    );
  }
  return labels.filter((one) => !strangers.includes(one));
}

/** Labels with what their file says of sizes; of a STAR file's optics the box of extracted particles. */
function sizedLabels({ particles, box, diameter, optics = {} }: CoordinateSet, pixelSize: number | null): SizedLabels {
  const extracted = Number(optics.rlnImageSize) * Number(optics.rlnImagePixelSize);
  const original = pixelSize ?? Number(optics.rlnMicrographOriginalPixelSize ?? optics.rlnMicrographPixelSize);
  const ofOptics = extracted > 0 && original > 0 ? extracted / original : undefined;
  const side = box ?? ofOptics;
  return { particles, ...(side !== undefined && { box: side }), ...(diameter !== undefined && { diameter }) };
}

async function readReduced(looked: readonly LabelledInput[], diameter: number, tell: Tell) {
  const patients: ReturnType<typeof reduceForLook>[] = [];
  const read: LabelledInput[] = [];
  const progress = { what: 'looking at labels', nameOf: ({ input }: LabelledInput) => input.path };
  const failed = await forEach(looked, { tell }, progress, async (one) => {
    patients.push(reduceForLook(await readMicrograph(one.input.path), one.positives.particles, diameter));
    read.push(one);
  });
  // They are reported again when they are to be trained on.
  for (const reason of failed) warn(tell, reason);
  return { patients, read };
}

/** @throws LabelError if the pixels contradict the labels */
function say(verdict: LabelVerdict, { micrographs, picks }: EvidenceOptions, tell: Tell): void {
  const [first, ...others] = micrographs;
  const doctor = `deepem doctor ${others.length === 0 ? quoted(first) : 'MICROGRAPHS'} ${quoted(picks)}`;
  switch (verdict.kind) {
    case 'few':
      note(tell, `too few to tell whether they lie on particles: ${counted(verdict.labels, 'label')}`);
      return;
    case 'agree':
      return;
    case 'silent': {
      const found = `the labels stand out by ${verdict.contrast.toFixed(1)} standard deviations from the same pattern shifted elsewhere, which is no evidence`;
      warn(tell, `cannot tell whether the labels lie on particles: ${found}. ${doctor} looks closer`);
      return;
    }
    case 'contradicted': {
      const { finding, margin, contrast } = verdict;
      throw new LabelError({
        what: 'The labels do not lie on particles',
        received: `labels that stand out by ${contrast.toFixed(1)} standard deviations as they are, and by ${Math.abs(finding.contrast).toFixed(1)} as "${finding.words}" (${margin.toFixed(1)} more than any other change)`,
        expected: 'centres in full-size pixels, rows counted from the first stored one',
        hint: `${doctor} prints the command that corrects them; --force trains all the same`,
      });
    }
  }
}
