/**
 * RELION coordinates: the block with `rlnCoordinateX` and `rlnCoordinateY`, whatever its name and place (3.0: one unnamed
 * block; 3.1 and later: `data_particles` after `data_optics`). Centres, 0-based pixels of the micrograph.
 */

import {
  type CoordinateFormat,
  type CoordinateRecord,
  type CoordinateScanner,
  parseNumber,
  readsLines,
  scoredParticle,
  scoreText,
  sharedNames,
  withClass,
} from './coordinate-format.js';
import {
  labelIndex,
  parseStar,
  type StarHead,
  scanStar,
  starComment,
  starLoop,
  starRows,
  unwritable,
  writeStar,
} from './star.js';

const X = 'rlnCoordinateX';
const GROUP = 'rlnOpticsGroup';

const LABELS = [X, 'rlnCoordinateY', 'rlnAutopickFigureOfMerit', 'rlnClassNumber', 'rlnAnglePsi'];
/** The label by which a list of coordinate files is told. */
export const LISTED_COORDINATES = 'rlnMicrographCoordinates';
const LIST_LABELS = ['rlnMicrographName', LISTED_COORDINATES];

export const relionStarFormat: CoordinateFormat = {
  name: 'star',
  summary: 'RELION: one coordinate file a micrograph, and the list autopick.star (4.0 and later)',
  extensions: ['.star'],
  tolerance: 1e-3,
  ...readsLines(scanParticles),
  perMicrograph: {
    path: (stem) => `${stem}_autopick.star`,
    holdsProvenance: true,
    write({ particles }, { provenance }) {
      const rows = particles.map(({ x, y, score, class: of = 0 }) => [
        ...[x.toFixed(6), y.toFixed(6), scoreText(score), String(of), '0.000000'],
      ]);
      return writeStar([{ name: '', labels: LABELS, rows }], provenance);
    },
  },
  perRun: {
    file: 'autopick.star',
    refuses: unwritable,
    *write(entries, provenance) {
      yield starComment(provenance) + starLoop('coordinate_files', LIST_LABELS);
      for (const { name, file } of entries) yield starRows([[name, file ?? '']]);
      yield ' \n';
    },
  },
};

/** RELION's figure of merit of a pick that has none. */
const NO_FIGURE_OF_MERIT = -999;

/** Reads the particles of the first block that has coordinates. */
function scanParticles(): CoordinateScanner {
  const records: CoordinateRecord[] = [];
  const share = sharedNames();
  const warnings: string[] = [];
  const groups = new Map<string, Record<string, string>>();
  let found = false;
  const scanner = scanStar((head) => {
    if (head.name === 'optics') {
      return (row) => {
        const values = Object.fromEntries(head.labels.map((label, i) => [label, row[i]]));
        groups.set(values[GROUP], values);
      };
    }
    if (found || labelIndex(head, X) < 0) return null;
    found = true;
    const [x, y, fom, ofClass] = [X, 'rlnCoordinateY', 'rlnAutopickFigureOfMerit', 'rlnClassNumber'].map((label) =>
      labelIndex(head, label),
    );
    if (y < 0) throw new SyntaxError('the label "rlnCoordinateY" is missing');
    const micrographOf = micrographReader(head);
    const group = labelIndex(head, GROUP);
    const opticsOf = (row: readonly string[], line: number) => {
      if (group < 0 || groups.size === 0) return undefined;
      const own = groups.get(row[group]);
      if (own) return own;
      const there = [...groups.keys()].join(', ');
      throw new SyntaxError(
        `line ${line}: the particle belongs to optics group ${row[group]}, which the file lacks: its groups are ${there}`,
      );
    };
    if (labelIndex(head, 'rlnHelicalTubeID') >= 0) {
      warnings.push('these are segments of helices: which tube a segment belongs to (rlnHelicalTubeID) is not kept');
    }
    return (row, line) => {
      const value = (column: number) => parseNumber(row[column], head.labels[column], line);
      const score = fom < 0 ? Number.NaN : value(fom);
      const name = micrographOf(row, line);
      const optics = opticsOf(row, line);
      records.push({
        ...(optics && { optics }),
        micrograph: name === null ? null : share(name),
        particle: withClass(
          scoredParticle(value(x), value(y), score === NO_FIGURE_OF_MERIT ? undefined : score),
          row[ofClass],
        ),
      });
    };
  });
  return {
    line: scanner.line,
    warnings,
    end() {
      scanner.end();
      if (!found) throw new SyntaxError('no block has the label "rlnCoordinateX"; these are not particle coordinates');
      return records;
    },
  };
}

/**
 * What reads the micrograph of a row: by its name, else by the stack that its image is in, which RELION names after the micrograph; null
 * where neither column is there.
 */
function micrographReader(head: StarHead): (row: readonly string[], line: number) => string | null {
  const [name, image] = ['rlnMicrographName', 'rlnImageName'].map((label) => labelIndex(head, label));
  if (name < 0 && image < 0) return () => null;
  const column = name < 0 ? image : name;
  return (row, line) => {
    const text = row[column].replace(/^\d+@/, '');
    if (text !== '' && (column === name || text !== row[column])) return text;
    throw new SyntaxError(
      `line ${line}: ${head.labels[column]} is "${row[column].slice(0, 60)}", which names no ${column === name ? 'micrograph' : 'image of a stack (000001@NAME.mrcs)'}`,
    );
  };
}

/** A micrograph and its coordinate file, as a job's list names them. */
export interface ListedCoordinates {
  readonly micrograph: string;
  readonly file: string;
}

/** Reads the list of coordinate files that RELION 4.0 and later keep for a picking job; null where the text is none. */
export function readCoordinateList(text: string | Uint8Array): ListedCoordinates[] | null {
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
 * @throws SyntaxError if no block has `rlnMicrographName`, or a micrograph belongs to an optics group that is not in the table
 */
export function readMicrographsStar(text: string | Uint8Array): StarMicrograph[] {
  const blocks = parseStar(text);
  const block = blocks.find((candidate) => labelIndex(candidate, 'rlnMicrographName') >= 0);
  if (!block) throw new SyntaxError('no block has the label "rlnMicrographName"; this is not a list of micrographs');
  const optics = blocks.find(({ name }) => name === 'optics');
  const record = (labels: readonly string[], row: readonly string[]) =>
    Object.fromEntries(labels.map((label, i) => [label, row[i]]));
  const groups = new Map(
    (optics?.rows ?? []).map((row) => record(optics?.labels ?? [], row)).map((group) => [group.rlnOpticsGroup, group]),
  );
  return block.rows.map((row, i) => {
    const values = record(block.labels, row);
    const group = values.rlnOpticsGroup;
    // RELION 3.0 has no groups; what follows it and writes none says nothing about the optics.
    const own = group === undefined || groups.size === 0 ? values : groups.get(group);
    if (!own) {
      const there = [...groups.keys()].join(', ');
      throw new SyntaxError(
        `line ${block.lines[i]}: ${values.rlnMicrographName} belongs to optics group ${group}, which the table lacks: its groups are ${there}`,
      );
    }
    return { name: values.rlnMicrographName, pixelSize: pixelSizeOf(own) ?? pixelSizeOf(values), values, optics: own };
  });
}

/** Angstroms per pixel of a micrograph by the values of its optics group, or null. */
export function pixelSizeOf(values: Readonly<Record<string, string>>): number | null {
  const direct = Number(values.rlnMicrographPixelSize);
  if (direct > 0) return direct;
  const old = (1e4 * Number(values.rlnDetectorPixelSize)) / Number(values.rlnMagnification);
  return old > 0 && Number.isFinite(old) ? old : null;
}
