/** The micrograph as every part of deepem sees it: pixels in stored order, with the pixel size where it is known. */

/** A single image of real numbers, row by row. */
export interface Image {
  /** `width * height` values, row-major: pixel (x, y) is `pixels[y * width + x]`. */
  readonly pixels: Float32Array;
  /** Columns, in pixels. */
  readonly width: number;
  /** Rows, in pixels. */
  readonly height: number;
}

/** An image from the microscope. */
export interface Micrograph extends Image {
  /** Angstroms per pixel, or null where the file does not say. */
  readonly pixelSize: number | null;
  /** What had to be repaired while reading, one sentence each. */
  readonly warnings: readonly string[];
}

/** Makes an image of zeros. */
export function blankImage(width: number, height: number): Image {
  return { pixels: new Float32Array(width * height), width, height };
}
