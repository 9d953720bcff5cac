/** How good class averages are, without truth: whether the members of a class look like each other. */

import { blankImage, type Image } from '../core/micrograph.js';
import { addTurned, type Classes, RADIUS } from './classes.js';

/**
 * The agreement of each class: the mean correlation of a member with the average of the others, over the disc that is compared. A member is
 * left out of the average that it is compared with, because noise correlates with its own average. 0 for a class of one.
 *
 * @param images - as they were classified
 */
export function agreementsOf(images: readonly Image[], { averages, sizes, members }: Classes): number[] {
  const { width: side } = images[0];
  const disc = pixelsInDisc(side);
  const sums = new Array<number>(averages.length).fill(0);
  for (const [i, image] of images.entries()) {
    const { class: own } = members[i];
    if (sizes[own] < 2) continue;
    const turned = blankImage(side, side);
    addTurned(turned, image, members[i]);
    const average = averages[own].pixels;
    const others = disc.map((j) => (sizes[own] * average[j] - turned.pixels[j]) / (sizes[own] - 1));
    sums[own] += correlation(
      disc.map((j) => turned.pixels[j]),
      others,
    );
  }
  return sums.map((sum, i) => (sizes[i] < 2 ? 0 : sum / sizes[i]));
}

function pixelsInDisc(side: number): number[] {
  const inside: number[] = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (Math.hypot(x - side / 2, y - side / 2) < RADIUS * side) inside.push(y * side + x);
    }
  }
  return inside;
}

/** Pearson's; 0 where one of both does not vary. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += (a[i] - meanA) * (b[i] - meanB);
    squaresA += (a[i] - meanA) ** 2;
    squaresB += (b[i] - meanB) ** 2;
  }
  return squaresA * squaresB > 0 ? product / Math.sqrt(squaresA * squaresB) : 0;
}
