/** Images of any height go through a chain of graphs in bands of rows. */

import type { Image } from '../core/micrograph.js';
import { extract, windowPositions } from '../imaging/pad.js';
import type { BandStage, Margins, Tensor } from './protocol.js';

/** A stage, and what computes it: maps [1, n, H, W] -> [1, m, h, w]. */
export type BandWork = BandStage & { readonly run: (maps: Tensor) => Promise<Tensor> };

/** Rows of the image that are padded at a time. */
const PADDED_ROWS = 64;

/**
 * Runs an image through stages, each row of each stage once.
 *
 * @throws RangeError if the image with its margins is smaller than what one row of the result is made of
 */
export async function runInBands(
  stages: readonly BandWork[],
  image: Image,
  { before, after }: Margins = { before: 0, after: 0 },
): Promise<Image> {
  const [width, height] = [before + image.width + after, before + image.height + after];
  const rows = stages.reduce((count, stage) => windowPositions(count, stage.extent, stage.stride), height);
  if (rows < 1) throw new RangeError(`${height} rows are too few for one row of the result`);
  const result = new Rows(rows);
  const chain = stages.reduceRight<Sink>((next, stage) => new Stage(stage, next), result);
  for (let top = 0; top < height; top += PADDED_ROWS) {
    const count = Math.min(PADDED_ROWS, height - top);
    const { pixels: data } = extract(image, -before, top - before, width, count);
    await chain.take({ dims: [1, 1, count, width], data });
  }
  await chain.end();
  const { dims, data } = result.tensor();
  return { pixels: data, width: dims[3], height: dims[2] };
}

/** What rows flow into. */
interface Sink {
  take(rows: Tensor): Promise<void>;
  /** No more rows come. */
  end(): Promise<void>;
}

/** Some rows of every map, one map after the other. */
class Rows implements Sink {
  filled = 0;
  #maps = 0;
  #width = 0;
  #data = new Float32Array();

  /** @param capacity - rows that there is room for */
  constructor(readonly capacity: number) {}

  async take(rows: Tensor): Promise<void> {
    this.add(rows, 0, rows.dims[2]);
  }

  async end(): Promise<void> {}

  /** Appends some rows of a tensor. */
  add({ dims: [, maps, height, width], data }: Tensor, from: number, count: number): void {
    if (this.#maps === 0) {
      [this.#maps, this.#width] = [maps, width];
      this.#data = new Float32Array(maps * this.capacity * width);
    }
    for (let map = 0; map < maps; map++) {
      const start = (map * height + from) * width;
      this.#data.set(data.subarray(start, start + count * width), (map * this.capacity + this.filled) * width);
    }
    this.filled += count;
  }

  /** Forgets the first rows. */
  drop(count: number): void {
    const [maps, width, kept] = [this.#maps, this.#width, this.filled - count];
    for (let map = 0; map < maps; map++) {
      const start = map * this.capacity * width;
      this.#data.copyWithin(start, start + count * width, start + (count + kept) * width);
    }
    this.filled = kept;
  }

  /** What is there; shared memory where it is full. */
  tensor(): Tensor {
    const dims = [1, this.#maps, this.filled, this.#width];
    if (this.filled === this.capacity) return { dims, data: this.#data };
    const part = new Float32Array(this.#maps * this.filled * this.#width);
    for (let map = 0; map < this.#maps; map++) {
      const start = map * this.capacity * this.#width;
      part.set(this.#data.subarray(start, start + this.filled * this.#width), map * this.filled * this.#width);
    }
    return { dims, data: part };
  }
}

/** A stage that collects rows until it can make some. */
class Stage implements Sink {
  readonly #rows: Rows;
  /** Rows that come next and are not needed: the stride is larger than the extent. */
  #skip = 0;

  constructor(
    readonly work: BandWork,
    readonly next: Sink,
  ) {
    this.#rows = new Rows(work.extent + (work.rows - 1) * work.stride);
  }

  async take(rows: Tensor): Promise<void> {
    for (let at = 0; at < rows.dims[2]; ) {
      const skipped = Math.min(this.#skip, rows.dims[2] - at);
      this.#skip -= skipped;
      at += skipped;
      const count = Math.min(this.#rows.capacity - this.#rows.filled, rows.dims[2] - at);
      if (count > 0) this.#rows.add(rows, at, count);
      at += count;
      if (this.#rows.filled === this.#rows.capacity) await this.#run();
    }
  }

  async end(): Promise<void> {
    if (this.#rows.filled >= this.work.extent) await this.#run();
    await this.next.end();
  }

  async #run(): Promise<void> {
    const { extent, stride } = this.work;
    const used = windowPositions(this.#rows.filled, extent, stride) * stride;
    await this.next.take(await this.work.run(this.#rows.tensor()));
    this.#skip = Math.max(0, used - this.#rows.filled);
    this.#rows.drop(Math.min(used, this.#rows.filled));
  }
}
