import { describe, expect, it } from 'vitest';
import { buildDenseStages } from '../network/dense-graph.js';
import { bytesOfStage } from '../network/dense-window.js';
import { PRESETS } from '../network/presets.js';
import { testWeights } from '../testing/architectures.js';
import { planScoring } from './score-plan.js';

const MEBIBYTE = 2 ** 20;

function plan(name: string, side: number, step: number, bytes: number) {
  const architecture = PRESETS[name];
  const { box } = architecture;
  const stages = (staged: boolean) =>
    buildDenseStages(architecture, testWeights(architecture, 1), { step, turns: 4, staged });
  const shapes = { whole: stages(false), staged: stages(true) };
  const size = { width: side + box - 1, height: side + box - 1 };
  const made = planScoring(shapes, size, { box, step, bytes });
  const first = (made.staged ? shapes.staged : shapes.whole)[0];
  return { ...made, box, bytes: bytesOfStage(first, made.rows[0], (made.columns - 1) * step + box) };
}

describe('the way through the network', () => {
  it('is whole and at once where the memory allows it', () => {
    expect(plan('wide', 512, 2, 1024 * MEBIBYTE)).toMatchObject({ staged: false, columns: 256, rows: [256] });
  });

  it.each([
    ['small', 8192, 1, 64],
    ['wide', 11520, 2, 128],
    ['klh', 2048, 3, 256],
  ])('of %s over %i pixels at step %i keeps to %i MiB', (name, side, step, mebibytes) => {
    expect(plan(name, side, step, mebibytes * MEBIBYTE).bytes).toBeLessThanOrEqual(mebibytes * MEBIBYTE);
  });

  it('is in panels where bands of the whole width would be too thin, and their seams are a small part', () => {
    const { staged, columns, rows, box } = plan('small', 8192, 1, 64 * MEBIBYTE);
    expect(staged).toBe(false);
    expect(columns).toBeLessThan(2048);
    expect(Math.min(columns, rows[0])).toBeGreaterThan(4 * box);
  });

  it('is in stages where seams would be computed more than twice', () => {
    expect(plan('klh', 2048, 1, 64 * MEBIBYTE).staged).toBe(true);
  });
});
