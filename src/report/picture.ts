/** Pictures of micrographs as PNG, by `sharp`. */

import sharp from 'sharp';
import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { blur } from '../imaging/blur.js';
import { toGrey } from '../imaging/contrast.js';
import { resample, toResampled } from '../imaging/resample.js';
import { escapeXml } from './xml.js';

/** A group of circles. */
export interface Circles {
  readonly points: readonly Point[];
  /** In full-size pixels. */
  readonly diameter: number;
  /** Any CSS colour. */
  readonly colour: string;
}

/** Standard deviation of the blur that makes particles visible in the noise, in pixels of the picture. */
const SOFTNESS = 1.2;
/** Longest side of a picture. */
const LARGEST_SIDE = 1200;

/** Of the picture's width, what a scale bar takes at the most. */
const BAR_SHARE = 0.2;
const [BAR_MARGIN, BAR_HEIGHT, BAR_TEXT] = [20, 6, 18];

/** The longest bar of a round length (1, 2 or 5 times a power of ten) with its length in words. */
function scaleBar(width: number, height: number, factor: number, pixelSize: number | null): string {
  const unit = pixelSize === null ? factor : (factor * pixelSize) / 10;
  const most = BAR_SHARE * width * unit;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = power * (most >= 5 * power ? 5 : most >= 2 * power ? 2 : 1);
  const [side, top] = [length / unit, height - BAR_MARGIN - BAR_HEIGHT];
  const words = `${Number(length.toPrecision(1))} ${pixelSize === null ? 'px' : 'nm'}`;
  const bar = `<rect x="${BAR_MARGIN}" y="${top}" width="${side.toFixed(1)}" height="${BAR_HEIGHT}"/>`;
  const text = `<text x="${(BAR_MARGIN + side / 2).toFixed(1)}" y="${top - BAR_HEIGHT}" text-anchor="middle" font-size="${BAR_TEXT}" font-family="sans-serif" font-weight="bold">${words}</text>`;
  return `<g fill="white" stroke="black" stroke-width="3" paint-order="stroke">${bar}${text}</g>`;
}

/**
 * A micrograph with circles around particles and a scale bar; the first stored row is at the top.
 *
 * @param pixelSize - angstroms per pixel, or null: then the bar is in pixels
 */
export async function drawPicks(
  micrograph: Image,
  groups: readonly Circles[],
  pixelSize: number | null,
): Promise<Uint8Array> {
  const factor = Math.max(1, Math.ceil(Math.max(micrograph.width, micrograph.height) / LARGEST_SIDE));
  const small = blur(resample(micrograph, factor), SOFTNESS);
  const circles = groups.flatMap(({ points, diameter, colour }) =>
    points.map((point) => {
      const [x, y] = [toResampled(point.x, factor) + 0.5, toResampled(point.y, factor) + 0.5];
      const circle = `<circle cx="${x.toFixed(2)}" cy="${y.toFixed(2)}" r="${(diameter / 2 / factor).toFixed(2)}"`;
      return `${circle} stroke="black" stroke-opacity="0.5" stroke-width="4"/>${circle} stroke="${colour}"/>`;
    }),
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${small.width}" height="${small.height}" fill="none" stroke-width="2">${circles.join('')}${scaleBar(small.width, small.height, factor, pixelSize)}</svg>`;
  return png(toGrey(small), small.width, small.height, svg);
}

/** Maps of one layer: `count` squares of `side` pixels. */
export interface LayerMaps {
  readonly label: string;
  readonly maps: Float32Array;
  readonly count: number;
  readonly side: number;
}

const CELL = 96;
const GAP = 8;
const LABEL = 20;

/** One row of squares a layer, each scaled to the same size and to its own contrast (the paper's Fig. S1). */
export async function drawFeatureMaps(layers: readonly LayerMaps[]): Promise<Uint8Array> {
  const columns = Math.max(...layers.map(({ count }) => count));
  const width = columns * (CELL + GAP) + GAP;
  const height = layers.length * (CELL + LABEL + GAP) + GAP;
  const canvas = new Uint8Array(width * height).fill(255);
  const labels: string[] = [];
  layers.forEach(({ label, maps, count, side }, row) => {
    const top = GAP + row * (CELL + LABEL + GAP) + LABEL;
    labels.push(`<text x="${GAP}" y="${top - 6}">${label}</text>`);
    for (let i = 0; i < count; i++) {
      const pixels = maps.subarray(i * side * side, (i + 1) * side * side);
      const grey = toGrey({ pixels, width: side, height: side }, 0, 100);
      for (let y = 0; y < CELL; y++) {
        for (let x = 0; x < CELL; x++) {
          const source = Math.floor((y * side) / CELL) * side + Math.floor((x * side) / CELL);
          canvas[(top + y) * width + GAP + i * (CELL + GAP) + x] = grey[source];
        }
      }
    }
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="13">${labels.join('')}</svg>`;
  return png(canvas, width, height, svg);
}

/** A small picture with a line or two below it. */
export interface Tile {
  readonly image: Image;
  readonly lines: readonly string[];
}

const TILES_ACROSS = 5;
const TILE = 192;
const LINE = 16;

/** Small pictures of equal size in rows, on one grey scale. */
export async function drawTiles(tiles: readonly Tile[]): Promise<Uint8Array> {
  const below = LINE * Math.max(...tiles.map(({ lines }) => lines.length)) + GAP;
  const across = Math.min(TILES_ACROSS, tiles.length);
  const width = across * (TILE + GAP) + GAP;
  const height = Math.ceil(tiles.length / across) * (TILE + below + GAP) + GAP;
  const { width: side } = tiles[0].image;
  const all = new Float32Array(tiles.length * side * side);
  tiles.forEach(({ image }, i) => {
    all.set(image.pixels, i * side * side);
  });
  const grey = toGrey({ pixels: all, width: side, height: tiles.length * side }, 0.5, 99.5);
  const canvas = new Uint8Array(width * height).fill(255);
  const labels: string[] = [];
  tiles.forEach(({ lines }, i) => {
    const left = GAP + (i % across) * (TILE + GAP);
    const top = GAP + Math.floor(i / across) * (TILE + below + GAP);
    lines.forEach((line, j) => {
      labels.push(`<text x="${left}" y="${top + TILE + LINE * (j + 1)}">${escapeXml(line)}</text>`);
    });
    for (let y = 0; y < TILE; y++) {
      for (let x = 0; x < TILE; x++) {
        const source = Math.floor((y * side) / TILE) * side + Math.floor((x * side) / TILE);
        canvas[(top + y) * width + left + x] = grey[i * side * side + source];
      }
    }
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">${labels.join('')}</svg>`;
  return png(canvas, width, height, svg);
}

function png(grey: Uint8Array, width: number, height: number, overlay: string): Promise<Uint8Array> {
  return sharp(grey, { raw: { width, height, channels: 1 } })
    .toColourspace('srgb')
    .composite([{ input: Buffer.from(overlay) }])
    .png()
    .toBuffer();
}
