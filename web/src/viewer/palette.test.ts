import { describe, expect, it } from 'vitest';
import { type Colour, MARK_COLOURS, scoreColour } from './palette.js';

/** Machado, Oliveira & Fernandes 2009, severity 1, for linear RGB. */
const VISIONS = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const;

function lab(colour: Colour, vision: readonly number[]): number[] {
  const linear = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const seen = [0, 1, 2].map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        linear.reduce((sum, value, i) => sum + vision[3 * row + i] * value, 0),
      ),
    ),
  );
  const [r, g, b] = seen;
  const xyz = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map((value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116));
  return [116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])];
}

const difference = (a: Colour, b: Colour, vision: readonly number[]) =>
  Math.hypot(...lab(a, vision).map((value, i) => value - lab(b, vision)[i]));

describe.each(Object.entries(VISIONS))('colours as seen with %s', (_, vision) => {
  it('tell low, middle and high scores apart, the higher the lighter', () => {
    const steps = [0, 0.25, 0.5, 0.75, 1].map(scoreColour);
    for (let i = 1; i < steps.length; i++) {
      expect(difference(steps[i - 1], steps[i], vision)).toBeGreaterThan(12);
      expect(lab(steps[i], vision)[0]).toBeGreaterThan(lab(steps[i - 1], vision)[0]);
    }
  });

  it('tell labels, places that are none and picks apart', () => {
    const marks = [MARK_COLOURS.label, MARK_COLOURS.negative, ...[0.1, 0.5, 0.9].map(scoreColour)];
    for (const [i, one] of marks.entries()) {
      for (const other of marks.slice(0, i)) expect(difference(one, other, vision)).toBeGreaterThan(15);
    }
  });

  it('tell picks of only one of two sets apart', () => {
    const { onlyOwn, onlyOther } = MARK_COLOURS;
    expect(difference(onlyOwn, onlyOther, vision)).toBeGreaterThan(25);
    for (const one of [onlyOwn, onlyOther]) expect(difference(one, [128, 128, 128], vision)).toBeGreaterThan(20);
  });

  it('stand out on the grey of a micrograph', () => {
    for (const one of [MARK_COLOURS.label, MARK_COLOURS.negative, scoreColour(0), scoreColour(0.5), scoreColour(1)]) {
      expect(difference(one, [128, 128, 128], vision)).toBeGreaterThan(20);
    }
  });
});
