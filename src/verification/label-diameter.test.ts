import { describe, expect, it } from 'vitest';
import { simulate } from '../simulation/simulate.js';
import { asymmetric, barrel } from '../simulation/volume.js';
import { diameterWarnings, type SizedLabels } from './label-diameter.js';
import { reduceForLook } from './label-look.js';

const fields = [0, 1].map((index) =>
  simulate({ bodies: [barrel()], pixelSize: 4.4, particles: 50, snr: 0.1, dirt: ['none'], views: ['any'] }, index),
);
const RIGHT = fields[0].diameter;

function warningsFor(times: number, change: (labels: SizedLabels) => SizedLabels = (labels) => labels): string[] {
  const diameter = times * RIGHT;
  const labels = fields.map(({ particles }) => change({ particles }));
  const patients = fields.map(({ micrograph, particles }) => reduceForLook(micrograph, particles, diameter));
  return diameterWarnings(labels, patients, diameter);
}

describe('diameterWarnings', () => {
  it('says nothing of the right diameter, box and column', () => {
    expect(warningsFor(1)).toEqual([]);
    expect(warningsFor(1, (labels) => ({ ...labels, box: 1.5 * RIGHT, diameter: RIGHT }))).toEqual([]);
  });

  it.each([
    [0.5, /mean image of the labels shows particles of about \d+ px, (1\.[5-9]|2\.\d) times/],
    [2, /mean image of the labels shows particles of about \d+ px, 0\.(4|5|6)\d? times/],
  ])('sees by the mean image that the diameter is %d times the right one', (times, words) => {
    expect(warningsFor(times).join('\n')).toMatch(words);
  });

  it('says that labels are too near to each other', () => {
    const crowded = (labels: SizedLabels) => ({
      particles: labels.particles.flatMap(({ x, y }) => [
        { x, y },
        { x: x + 0.3 * RIGHT, y },
      ]),
    });
    expect(warningsFor(1, crowded).join('\n')).toMatch(/of 200 labels have another within half of --diameter/);
  });

  it('says that a column or a box contradicts it', () => {
    expect(warningsFor(1, (labels) => ({ ...labels, diameter: 2 * RIGHT }))[0]).toMatch(
      /label file gives particles of .* 2 times/,
    );
    expect(warningsFor(1, (labels) => ({ ...labels, box: RIGHT / 2 }))[0]).toMatch(/boxes of .* 0\.5 times/);
  });

  it('says nothing of the mean image of labels that lie anywhere', () => {
    const patients = fields.map(({ micrograph, particles }) =>
      reduceForLook(
        micrograph,
        particles.map(({ x, y }) => ({ x: y, y: x })),
        RIGHT,
      ),
    );
    expect(diameterWarnings([], patients, RIGHT)).toEqual([]);
  });
});

it('says nothing of the right diameter of simulated particles, whose fringes reach far', () => {
  for (const body of [barrel(), asymmetric()]) {
    const fields = [0, 1, 2, 3].map((i) =>
      simulate({ bodies: [body], width: 1024, height: 1024, snr: 0.2, seed: 4 }, i),
    );
    const [{ diameter }] = fields;
    const patients = fields.map(({ micrograph, particles }) => reduceForLook(micrograph, particles, diameter));
    expect(diameterWarnings([], patients, diameter)).toEqual([]);
  }
});
