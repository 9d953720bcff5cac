/**
 * RELION coordinates: the block with `rlnCoordinateX` and `rlnCoordinateY`, whatever its name and place (3.0: one unnamed
 * block; 3.1 and later: `data_particles` after `data_optics`). Centres, 0-based pixels of the micrograph.
 */

import { type CoordinateFormat, parseNumber, scoredParticle, scoreText, textReader } from './coordinate-format.js';
import { labelIndex, parseStar, starComment, starLoop, starRows, writeStar } from './star.js';

const LABELS = ['rlnCoordinateX', 'rlnCoordinateY', 'rlnAutopickFigureOfMerit', 'rlnClassNumber', 'rlnAnglePsi'];
const LIST_LABELS = ['rlnMicrographName', 'rlnMicrographCoordinates'];

export const relionStarFormat: CoordinateFormat = {
  name: 'star',
  summary: 'RELION: one coordinate file a micrograph, and the list autopick.star (4.0 and later)',
  extensions: ['.star'],
  tolerance: 1e-3,
  read: textReader((text) => {
    const block = parseStar(text).find((candidate) => labelIndex(candidate, 'rlnCoordinateX') >= 0);
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
  }),
  perMicrograph: {
    path: (stem) => `${stem}_autopick.star`,
    holdsProvenance: true,
    write({ particles }, { provenance }) {
      const rows = particles.map(({ x, y, score }) => [x.toFixed(6), y.toFixed(6), scoreText(score), '0', '0.000000']);
      return writeStar([{ name: '', labels: LABELS, rows }], provenance);
    },
  },
  perRun: {
    file: 'autopick.star',
    *write(entries, provenance) {
      yield starComment(provenance) + starLoop('coordinate_files', LIST_LABELS);
      for (const { name, file } of entries) yield starRows([[name, file ?? '']]);
      yield ' \n';
    },
  },
};

/** A micrograph and its coordinate file, as a job's list names them. */
export interface ListedCoordinates {
  readonly micrograph: string;
  readonly file: string;
}

/** Reads the list of coordinate files that RELION 4.0 and later keep for a picking job; null where the text is none. */
export function readCoordinateList(text: string): ListedCoordinates[] | null {
  if (!text.includes(LIST_LABELS[1])) return null;
  const block = parseStar(text).find((candidate) => labelIndex(candidate, LIST_LABELS[1]) >= 0);
  if (!block) return null;
  const [micrograph, file] = LIST_LABELS.map((label) => labelIndex(block, label));
  return block.rows.map((row) => ({ micrograph: row[micrograph] ?? '', file: row[file] }));
}

/** A micrograph of a `micrographs.star`. */
export interface StarMicrograph {
  /** As written in the file. */
  readonly name: string;
  /** Angstroms per pixel of its optics group, or null. */
  readonly pixelSize: number | null;
  /** The values of its row, by label. */
  readonly values: Readonly<Record<string, string>>;
  /** The values of its optics group, by label; of RELION 3.0's files those of the row. */
  readonly optics: Readonly<Record<string, string>>;
}

/**
 * Reads the micrographs of a `micrographs.star` (any RELION version), with the pixel size of their optics group
 * (`rlnMicrographPixelSize`) or of magnification and detector pixel size (3.0).
 *
 * @throws SyntaxError if no block has `rlnMicrographName`
 */
export function readMicrographsStar(text: string): StarMicrograph[] {
  const blocks = parseStar(text);
  const block = blocks.find((candidate) => labelIndex(candidate, 'rlnMicrographName') >= 0);
  if (!block) throw new SyntaxError('no block has the label "rlnMicrographName"; this is not a list of micrographs');
  const optics = blocks.find(({ name }) => name === 'optics');
  const record = (labels: readonly string[], row: readonly string[]) =>
    Object.fromEntries(labels.map((label, i) => [label, row[i]]));
  const groups = new Map(
    (optics?.rows ?? []).map((row) => record(optics?.labels ?? [], row)).map((group) => [group.rlnOpticsGroup, group]),
  );
  return block.rows.map((row) => {
    const values = record(block.labels, row);
    const optics = groups.get(values.rlnOpticsGroup) ?? values;
    const pixelSize = pixelSizeOf(optics) ?? pixelSizeOf(values);
    return { name: values.rlnMicrographName, pixelSize, values, optics };
  });
}

function pixelSizeOf(values: Readonly<Record<string, string>>): number | null {
  const direct = Number(values.rlnMicrographPixelSize);
  if (direct > 0) return direct;
  const old = (1e4 * Number(values.rlnDetectorPixelSize)) / Number(values.rlnMagnification);
  return old > 0 && Number.isFinite(old) ? old : null;
}
