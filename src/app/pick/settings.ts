/** What a pick run is told: what to pick with, how, and what to write. */

import { type Length, toPixels } from '../../core/length.js';
import type { CoordinateFormat } from '../../formats/coordinate-format.js';
import { writtenFormats } from '../../formats/coordinates.js';
import type { Turns } from '../../network/dense-graph.js';
import type { DeviationRange } from '../../picking/deviation.js';
import type { DeviceChoice } from '../../picking/device.js';
import type { PickOptions } from '../../picking/pick.js';
import { GENERAL_MODEL_FILE } from '../../storage/model-file.js';

/** The threshold of the model, or one of the two that it was held against. */
export type NamedThreshold = 'auto' | 'f1' | 'f2';

/** What picks: a model of one's own, the general model, or a filter of blobs, which was never trained. */
export type PickWith = { readonly kind: 'model'; readonly file: string } | { readonly kind: 'general' | 'blob' };

/** How to pick, and what to write. */
export interface PickSettings {
  readonly with: PickWith;
  /** Of the particle; that of the model by default. `auto`: the general model estimates it. */
  readonly diameter?: Length | 'auto';
  /** Folder of the results. */
  readonly out: string;
  readonly formats: readonly CoordinateFormat[];
  readonly threshold: number | NamedThreshold;
  readonly step?: Length;
  readonly turns?: Turns;
  readonly minDistance?: Length;
  /** `auto`: that of the model, if it has one. */
  readonly deviationRange: DeviationRange | 'auto' | 'off';
  /** `auto`: that of the model, if it has one. */
  readonly unevennessLimit: number | 'auto' | 'off';
  /** Whether scores are lowered in micrographs that look nearly empty. */
  readonly lowerWhereEmpty: boolean;
  readonly overlapDistance?: Length;
  /** Smallest distance from the edge; half the diameter by default. */
  readonly edge?: Length;
  /** Folder of masks, in which nothing is picked. */
  readonly masks?: string;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
  readonly threads?: number;
  /** Bytes at the most. */
  readonly memory?: number;
  readonly device: DeviceChoice;
  readonly saveScores: boolean;
  readonly saveLeftOut: boolean;
  /** Picks everything again, where the folder holds a run with other settings. */
  readonly force: boolean;
  /** Replaces files that no run of the folder wrote. */
  readonly overwrite: boolean;
}

/** What the command line does where nothing is asked for; `out`, `micrographs` and, for the general model, `diameter` are missing. */
export const DEFAULT_PICK_SETTINGS = {
  with: { kind: 'general' },
  formats: writtenFormats('box,csv'),
  threshold: 'auto',
  deviationRange: 'auto',
  unevennessLimit: 'auto',
  lowerWhereEmpty: true,
  device: 'cpu',
  saveScores: false,
  saveLeftOut: false,
  force: false,
  overwrite: false,
} as const satisfies Partial<PickSettings>;

/** Settings whose diameter is a length, where there is one. */
export type SizedSettings = PickSettings & { readonly diameter?: Length };

/** The file of the model that picks; null for blobs. */
export function modelFileOf({ with: picks }: PickSettings): string | null {
  if (picks.kind === 'model') return picks.file;
  return picks.kind === 'general' ? GENERAL_MODEL_FILE : null;
}

/** The options of the library, in pixels of a micrograph with so many angstroms a pixel. */
export function pickOptionsOf(settings: PickSettings, pixelSize: number | null): PickOptions {
  const { threshold, turns, step, minDistance, edge, unevennessLimit, overlapDistance, deviationRange } = settings;
  const pixels = (length: Length, name: string) => toPixels(length, pixelSize, name);
  return {
    ...(typeof threshold === 'number' && { threshold }),
    ...(turns && { turns }),
    ...(step && { step: pixels(step, '--step') }),
    ...(minDistance && { minDistance: pixels(minDistance, '--min-distance') }),
    ...(edge && { edge: pixels(edge, '--edge') }),
    ...(unevennessLimit !== 'auto' && { unevennessLimit: unevennessLimit === 'off' ? null : unevennessLimit }),
    ...(!settings.lowerWhereEmpty && { lowerWhereEmpty: false }),
    ...(overlapDistance && { overlapDistance: pixels(overlapDistance, '--overlap') }),
    ...(deviationRange !== 'auto' && { deviationRange: deviationRange === 'off' ? null : deviationRange }),
  };
}
