/**
 * RELION coordinates: the block with `rlnCoordinateX` and `rlnCoordinateY`, whatever its name and place (3.0: one unnamed
 * block; 3.1 and later: `data_particles` after `data_optics`). Centres, 0-based pixels of the micrograph (formats.md 5.3).
 */

import type { CoordinateFormat } from './coordinate-format.js';
import { parseNumber, scoredParticle } from './coordinate-format.js';
import { labelIndex, parseStar, StarSyntaxError, writeStar } from './star.js';

export const relionStarFormat: CoordinateFormat = {
  name: 'star',
  suffix: '_autopick.star',
  extensions: ['.star'],
  read(text) {
    const block = blocksOf(text).find((candidate) => labelIndex(candidate, 'rlnCoordinateX') >= 0);
    if (!block) throw new SyntaxError('no block has the label "rlnCoordinateX"; these are not particle coordinates');
    const column = (label: string) => labelIndex(block, label);
    const [x, y, fom, name] = ['rlnCoordinateX', 'rlnCoordinateY', 'rlnAutopickFigureOfMerit', 'rlnMicrographName'].map(
      column,
    );
    if (y < 0) throw new SyntaxError('the label "rlnCoordinateY" is missing');
    return block.rows.map((row, index) => {
      const value = (column: number) => parseNumber(row[column], block.labels[column], block.lines[index]);
      const particle = scoredParticle(value(x), value(y), fom < 0 ? undefined : value(fom));
      return { micrograph: name < 0 ? null : row[name], particle };
    });
  },
  write(particles, { provenance }) {
    const labels = ['rlnCoordinateX', 'rlnCoordinateY', 'rlnAutopickFigureOfMerit', 'rlnClassNumber', 'rlnAnglePsi'];
    const rows = particles.map(({ x, y, score }) => [
      x.toFixed(6),
      y.toFixed(6),
      (score ?? 0).toFixed(6),
      '0',
      '0.000000',
    ]);
    return writeStar([{ name: '', labels, rows, lines: [] }], provenance);
  },
};

/** A micrograph of a `micrographs.star`. */
export interface StarMicrograph {
  /** As written in the file. */
  readonly name: string;
  /** Angstroms per pixel of its optics group, or null. */
  readonly pixelSize: number | null;
}

/**
 * Reads the micrographs of a `micrographs.star` (any RELION version), with the pixel size of their optics group
 * (`rlnMicrographPixelSize`) or of magnification and detector pixel size (3.0).
 *
 * @throws SyntaxError if no block has `rlnMicrographName`
 */
export function readMicrographsStar(text: string): StarMicrograph[] {
  const blocks = blocksOf(text);
  const block = blocks.find((candidate) => labelIndex(candidate, 'rlnMicrographName') >= 0);
  if (!block) throw new SyntaxError('no block has the label "rlnMicrographName"; this is not a list of micrographs');
  const name = labelIndex(block, 'rlnMicrographName');
  const group = labelIndex(block, 'rlnOpticsGroup');
  const byGroup = opticsPixelSizes(blocks);
  return block.rows.map((row) => ({
    name: row[name],
    pixelSize: (group < 0 ? undefined : byGroup.get(row[group])) ?? pixelSizeOfRow(block.labels, row),
  }));
}

function opticsPixelSizes(blocks: ReturnType<typeof parseStar>): Map<string, number | null> {
  const optics = blocks.find((block) => block.name === 'optics');
  if (!optics) return new Map();
  const group = labelIndex(optics, 'rlnOpticsGroup');
  return new Map(optics.rows.map((row) => [row[group], pixelSizeOfRow(optics.labels, row)]));
}

function pixelSizeOfRow(labels: readonly string[], row: readonly string[]): number | null {
  const value = (label: string) => Number(row[labels.indexOf(label)]);
  const direct = value('rlnMicrographPixelSize');
  if (direct > 0) return direct;
  const old = (1e4 * value('rlnDetectorPixelSize')) / value('rlnMagnification');
  return old > 0 && Number.isFinite(old) ? old : null;
}

function blocksOf(text: string) {
  try {
    return parseStar(text);
  } catch (error) {
    if (error instanceof StarSyntaxError) throw new SyntaxError(error.message);
    throw error;
  }
}
