/**
 * Colours of what lies over a micrograph. Scores go along viridis (Smith & van der Walt 2015), a little lighter, from where it stands out on grey; every kind of
 * mark has a shape of its own, so that nobody has to tell them by colour. `palette.test.ts` looks at them as colour-blind people do.
 */

/** A colour, each part 0..255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** From a low score to a high one. */
const SCORES: readonly Colour[] = [
  [64, 103, 222],
  [38, 130, 180],
  [38, 168, 145],
  [88, 206, 112],
  [160, 218, 57],
  [253, 231, 37],
];

/** Colours of marks, by kind. */
export const MARK_COLOURS = {
  label: [255, 255, 255],
  negative: [255, 106, 61],
  leftOut: [186, 190, 198],
  onlyOwn: [255, 176, 32],
  onlyOther: [150, 205, 255],
} as const satisfies Readonly<Record<string, Colour>>;

/** Colour of a score. */
export function scoreColour(score: number): Colour {
  const at = Math.min(1, Math.max(0, score)) * (SCORES.length - 1);
  const [from, to] = [SCORES[Math.floor(at)], SCORES[Math.ceil(at)]];
  const mixed = from.map((value, i) => Math.round(value + (at - Math.floor(at)) * (to[i] - value)));
  return [mixed[0], mixed[1], mixed[2]];
}

/** For CSS and canvases. */
export function css([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}
