/** Batches: boxes cut from prepared images and turned, ready for the gradient graph. */

import { extractInto, rotateQuarter } from '../imaging/pad.js';
import type { Example } from './examples.js';

/** An example in one of its four orientations. */
export interface TurnedExample {
  readonly example: Example;
  /** Quarter turns. */
  readonly turns: number;
}

/** Every example four times, rotated by 0, 90, 180 and 270 degrees (paper, Training). */
export function allTurns(examples: readonly Example[]): TurnedExample[] {
  return examples.flatMap((example) => [0, 1, 2, 3].map((turns) => ({ example, turns })));
}

/** Boxes [n, 1, B, B] of some examples, in order. */
export function cutBoxes(examples: readonly TurnedExample[], box: number): Float32Array {
  const area = box * box;
  const boxes = new Float32Array(examples.length * area);
  examples.forEach(({ example, turns }, i) => {
    extractInto(boxes, i * area, example.micrograph.image, example.left, example.top, box, box);
    if (turns > 0) rotateQuarter(boxes.subarray(i * area, (i + 1) * area), box, turns);
  });
  return boxes;
}
