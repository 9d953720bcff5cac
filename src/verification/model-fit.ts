/** What headers and arguments say of whether a model fits micrographs, before any is read. */

import type { Length } from '../core/length.js';

/** What the header of a micrograph says. */
export interface HeaderFacts {
  /** As messages name it. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Angstroms per pixel, or null where the file does not say. */
  readonly pixelSize: number | null;
}

/** A model, what was asked for, and some of the micrographs. */
export interface FitQuestion {
  /** As it was trained; null for blobs. */
  readonly model: { readonly pixelSize: number | null; readonly diameter: number } | null;
  readonly diameter?: Length;
  /** Angstroms per pixel instead of what the files say. */
  readonly pixelSize?: number;
  readonly micrographs: readonly HeaderFacts[];
}

/** Pixel sizes that differ by less than this factor are the same, as rounded in headers. */
const SAME = 1.02;
/** Images whose longer sides differ by more than this factor are binned differently, or come from other detectors. */
const OTHER_SIZE = 1.4;
/** A diameter further from that of the model than this factor is another particle, or a mistake. */
const OTHER_PARTICLE = 1.33;
/** What many programs write where they do not know the pixel size. */
const PLACEHOLDER = 1;

/** Sentences on what does not fit; none where all is well or nothing can be said. */
export function fitWarnings(question: FitQuestion): string[] {
  return [unknownPixelSize, mixedPixelSizes, mixedImageSizes, otherDiameter, otherPixelSize].flatMap((check) => {
    const warning = check(question);
    return warning === null ? [] : [warning];
  });
}

function differ(a: number, b: number, factor: number): boolean {
  return Math.max(a, b) > factor * Math.min(a, b);
}

/** Pixel sizes that picking goes by, with the micrograph of each. */
function sizesOf({ pixelSize, micrographs }: FitQuestion): { size: number; name: string }[] {
  return micrographs.flatMap(({ name, pixelSize: own }) => {
    const size = pixelSize ?? own;
    return size === null ? [] : [{ size, name }];
  });
}

function unknownPixelSize(question: FitQuestion): string | null {
  const { model, diameter } = question;
  const [first] = sizesOf(question);
  if (!model || diameter || model.pixelSize !== null || !first) return null;
  const angstroms = Math.round(model.diameter * first.size);
  return (
    `the model was trained on micrographs of unknown pixel size and takes particles to be ${round(model.diameter)} px wide, ` +
    `${angstroms} A at the ${round(first.size)} A per pixel of ${first.name}; if that is not right, give --diameter`
  );
}

function mixedPixelSizes(question: FitQuestion): string | null {
  const { model, diameter } = question;
  const followsPixelSize = diameter ? diameter.unit === 'A' : model !== null && model.pixelSize !== null;
  if (followsPixelSize) return null;
  const sizes = sizesOf(question);
  const other = sizes.find(({ size }) => differ(size, sizes[0].size, SAME));
  if (!other) return null;
  return (
    `pixel sizes differ (${round(sizes[0].size)} A: ${sizes[0].name}; ${round(other.size)} A: ${other.name}), but the particle is taken to be ` +
    `as many pixels wide in all micrographs; give --diameter in angstroms, such as 190A`
  );
}

function mixedImageSizes(question: FitQuestion): string | null {
  if (sizesOf(question).length > 0) return null;
  const [first, ...others] = question.micrographs;
  const side = ({ width, height }: HeaderFacts) => Math.max(width, height);
  const other = others.find((one) => differ(side(one), side(first), OTHER_SIZE));
  if (!other) return null;
  return (
    `micrographs differ in size (${first.width}x${first.height}: ${first.name}; ${other.width}x${other.height}: ${other.name}) and none says its ` +
    `pixel size; if they are binned differently, pick each size by itself with its own --diameter`
  );
}

function otherDiameter(question: FitQuestion): string | null {
  const { model, diameter } = question;
  if (!model || model.pixelSize === null || !diameter) return null;
  const [first] = sizesOf(question);
  if (diameter.unit === 'px' && !first) return null;
  const asked = diameter.unit === 'A' ? diameter.value : diameter.value * first.size;
  const trained = model.diameter * model.pixelSize;
  if (!differ(asked, trained, OTHER_PARTICLE)) return null;
  return (
    `--diameter ${diameter.value}${diameter.unit} is ${round(asked / trained)} times the particle that the model was trained on (${Math.round(trained)} A); ` +
    `micrographs are scaled by that much, which is right only for another particle; else leave --diameter out`
  );
}

function otherPixelSize({ pixelSize, micrographs }: FitQuestion): string | null {
  if (pixelSize === undefined) return null;
  const other = micrographs.find(
    ({ pixelSize: own }) => own !== null && own !== PLACEHOLDER && differ(own, pixelSize, SAME),
  );
  if (!other?.pixelSize) return null;
  return `--pixel-size ${pixelSize} is used, but ${other.name} says ${round(other.pixelSize)} A; leave --pixel-size out unless the files are wrong`;
}

/** Three digits are what a person compares. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
