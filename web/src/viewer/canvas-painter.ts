/** Paints micrographs without a graphics card: tiles on a canvas, filters by CSS. */

import { fitCanvas, type Painter } from './painter.js';

/** Opens it. */
export function canvasPainter(canvas: HTMLCanvasElement): Painter {
  const context = canvas.getContext('2d');
  return {
    denoises: false,
    pixelsFor: ({ k }) => k * devicePixelRatio,
    paint(tiles, { view, size, filter, range, inverted }) {
      if (!context || size.width === 0) return;
      fitCanvas(canvas, size);
      context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      context.clearRect(0, 0, size.width, size.height);
      context.imageSmoothingEnabled = view.k < 2;
      for (const { bitmap, level, left, top } of tiles) {
        const scale = view.k * 2 ** level;
        const [x, y] = [view.x + view.k * left, view.y + view.k * top];
        context.drawImage(bitmap, x, y, bitmap.width * scale, bitmap.height * scale);
      }
      const { low, high } = range;
      const blur = filter.smooth > 0 ? `blur(${filter.smooth * view.k}px) ` : '';
      const contrast = `brightness(${1 / (high + low)}) contrast(${(high + low) / (high - low)})`;
      canvas.style.filter = `${blur}${contrast}${inverted ? ' invert(1)' : ''}`;
    },
  };
}
