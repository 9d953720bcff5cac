/** Quarter turns of squares. */

/**
 * Rotates every `side` x `side` plane of a tensor by quarter turns, counter-clockwise with the first row at the top.
 *
 * @returns a new array
 */
export function rotatePlanes(values: Float32Array, side: number, turns: number): Float32Array {
  const rotated = new Float32Array(values.length);
  const last = side - 1;
  const area = side * side;
  const source = ROTATED_SOURCE[((turns % 4) + 4) % 4];
  for (let plane = 0; plane < values.length; plane += area) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) rotated[plane + y * side + x] = values[plane + source(x, y, last, side)];
    }
  }
  return rotated;
}

/** Rotates one square in place; see `rotatePlanes`. */
export function rotateQuarter(square: Float32Array, side: number, turns: number): void {
  if (turns % 4 !== 0) square.set(rotatePlanes(square, side, turns));
}

/** Where pixel (x, y) of the rotated square comes from, by the number of quarter turns. */
const ROTATED_SOURCE: readonly ((x: number, y: number, last: number, side: number) => number)[] = [
  (x, y, _last, side) => y * side + x,
  (x, y, last, side) => x * side + (last - y),
  (x, y, last, side) => (last - y) * side + (last - x),
  (x, y, last, side) => (last - x) * side + y,
];
