/** Batches: boxes cut from prepared images in some view, ready for the gradient graph. */

import { extractInto } from '../imaging/pad.js';
import { rotateQuarter } from '../imaging/rotate.js';
import type { Random } from '../random.js';
import type { Example } from './examples.js';

/** An example as the network sees it once. */
export interface View {
  readonly example: Example;
  /** Quarter turns. */
  readonly turns: number;
  /** True where left and right are exchanged. */
  readonly mirrored: boolean;
  /** Prepared pixels by which the box is moved. */
  readonly shift: readonly [x: number, y: number];
  /** Factor of the pixels. */
  readonly contrast: number;
}

/** Standard deviation of the random contrast factor, and the largest random shift in prepared pixels. */
const CONTRAST_SD = 0.1;
const LARGEST_SHIFT = 1;

/** The example as it is, after some quarter turns. */
export function turnedView(example: Example, turns: number): View {
  return { example, turns, mirrored: false, shift: [0, 0], contrast: 1 };
}

/** Every example four times, rotated by 0, 90, 180 and 270 degrees (paper, Training). */
export function allTurns(examples: readonly Example[]): View[] {
  return examples.flatMap((example) => [0, 1, 2, 3].map((turns) => turnedView(example, turns)));
}

/** One random view of each example. */
export function randomViews(examples: readonly Example[], random: Random): View[] {
  const shift = () => random.integer(2 * LARGEST_SHIFT + 1) - LARGEST_SHIFT;
  return examples.map((example) => ({
    example,
    turns: random.integer(4),
    mirrored: random.integer(2) === 1,
    shift: [shift(), shift()],
    contrast: 1 + CONTRAST_SD * random.normal(),
  }));
}

/** Boxes [n, 1, B, B] of some views, in order. */
export function cutBoxes(views: readonly View[], box: number): Float32Array {
  const area = box * box;
  const boxes = new Float32Array(views.length * area);
  views.forEach(({ example, turns, mirrored, shift: [dx, dy], contrast }, i) => {
    extractInto(boxes, i * area, example.micrograph.image, example.left + dx, example.top + dy, box, box);
    const one = boxes.subarray(i * area, (i + 1) * area);
    if (turns > 0) rotateQuarter(one, box, turns);
    if (mirrored) for (let row = 0; row < area; row += box) one.subarray(row, row + box).reverse();
    if (contrast !== 1) for (let k = 0; k < area; k++) one[k] *= contrast;
  });
  return boxes;
}
