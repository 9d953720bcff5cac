/** Paper, Fig. S3: before and after a person sorted the picks of a first model into true and false. */

import { matchRadius } from '../src/core/sizes.js';
import { matchPicks } from '../src/evaluation/match.js';
import { addConfirmed } from '../src/training/confirmed.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

const options = { ...KLH, snr: 0.02, dirt: ['carbon', 'aggregate', 'ice'] as const };
const FIRST_LABELS = 60;
const CONFIRMED = 300;
const [training, judged] = [makeFields(options, 12), makeFields(options, 9, 99)];
const rows: Row[] = [];
for (const recipe of [PAPER, AUTO_RECIPE]) {
  const first = training.slice(0, 2);
  const before = await trainOn(first, recipe, { particles: FIRST_LABELS });
  const picked = await judge(before, training);
  let left = CONFIRMED;
  const corrected = training.map((field, i) => {
    const picks = picked.results[i].particles.slice(0, Math.min(left, 30));
    left -= picks.length;
    const matches = matchPicks(field.particles, picks, matchRadius(field.diameter));
    const chosen = (right: boolean) => matches.filter(({ truth }) => truth >= 0 === right).map(({ pick }) => pick);
    const known = i < first.length ? field.particles : [];
    const confirmed = { accepted: chosen(true), rejected: chosen(false) };
    return { field, ...addConfirmed({ particles: known, negatives: [] }, confirmed, field.diameter) };
  });
  const after = await trainOn(
    corrected.map(({ field, particles }) => ({
      ...field,
      particles: particles.map((point) => ({ ...point, body: 0 })),
    })),
    recipe,
    { negatives: corrected.map(({ negatives }) => negatives) },
  );
  for (const [name, model] of [
    ['before', before],
    ['after', after],
  ] as const) {
    const { evaluation } = await judge(model, judged);
    rows.push([recipe.name, name, crossingOf(evaluation), evaluation.averagePrecision, evaluation.bestF2?.f2 ?? 0]);
  }
}
publish('retraining', ['recipe', 'retraining', 'precision = recall', 'average precision', 'best F2'], rows, []);
