/**
 * One particle STAR for a whole run, with optics groups, as RELION 3.1 and later and cryoSPARC import it. Voltage,
 * spherical aberration, amplitude contrast and defocus come from the `micrographs.star` that the micrographs were listed in.
 */

import { LabelError } from '../core/errors.js';
import { type CoordinateFormat, type PickedMicrograph, type RunEntry, scoreText } from './coordinate-format.js';
import { relionStarFormat } from './relion-star.js';
import { starComment, starLoop, starRows, unwritable } from './star.js';

/** Labels of an optics group that are carried over; RELION needs the first three. */
const MICROSCOPE = ['rlnVoltage', 'rlnSphericalAberration', 'rlnAmplitudeContrast'];
/** Labels of a micrograph that are carried over to its particles. */
const CTF = [
  'rlnDefocusU',
  'rlnDefocusV',
  'rlnDefocusAngle',
  'rlnPhaseShift',
  'rlnCtfMaxResolution',
  'rlnCtfFigureOfMerit',
  'rlnCtfBfactor',
  'rlnCtfScalefactor',
  'rlnBeamTiltX',
  'rlnBeamTiltY',
];

/** Extracted images of a run's particles. */
export interface ExtractedImages {
  /** Side of an image in its own pixels. */
  readonly side: number;
  /** Pixels of the micrograph per pixel of an image. */
  readonly binning: number;
  /** `000001@stack.mrcs` of each particle of a micrograph, by index of the micrograph. */
  names(micrograph: number): readonly string[];
}

export const particlesStarFormat: CoordinateFormat = {
  name: 'particles-star',
  summary: 'RELION 3.1 and later, cryoSPARC: one particle list with optics groups',
  extensions: [],
  tolerance: 1e-3,
  read: relionStarFormat.read,
  ...(relionStarFormat.scan && { scan: relionStarFormat.scan }),
  perRun: {
    file: 'particles.star',
    refuses: unwritable,
    warnings: (entries) => missingOptics(entries.map(({ picked: { particles: _, ...head } }) => head)),
    write: (entries, provenance) => writeParticles(entries, provenance),
  },
};

/** A micrograph without its particles. */
type Head = Omit<PickedMicrograph, 'particles'>;

/**
 * What a list of these micrographs lacks because it is not known, in sentences: RELION and cryoSPARC ask for it.
 *
 * @throws LabelError if it is known of some micrographs only: the list would lack it for all
 */
export function missingOptics(micrographs: readonly Head[]): string[] {
  const lacks = (what: string, without: readonly Head[]): boolean => {
    if (without.length === 0 || without.length === micrographs.length) return without.length > 0;
    throw new LabelError({
      what: `Some micrographs have no ${what}, so that the particle list would have none`,
      received: `${without.length} of ${micrographs.length} without, for example ${without[0].name}`,
      expected: 'all or none',
      hint: 'Give a micrographs.star that has it for all of them',
    });
  };
  const known = (label: string) => micrographs.filter(({ optics }) => !(label in optics));
  const labels = MICROSCOPE.filter((label) => lacks(label, known(label)));
  const unsized = lacks(
    'pixel size',
    micrographs.filter(({ pixelSize }) => pixelSize === null),
  );
  return [
    ...(unsized ? ['no pixel size is known, and particles.star has none: give --pixel-size'] : []),
    ...(labels.length > 0
      ? [
          `particles.star has no ${labels.join(', ')}: a micrographs.star as input (or with --ctf of deepem extract) gives them`,
        ]
      : []),
  ];
}

/**
 * Writes a particle list in pieces, in the order of the micrographs. The particles of one micrograph at a time are looked at.
 *
 * @param images - of the particles, where they were extracted
 */
export function* writeParticles(
  entries: readonly Pick<RunEntry, 'picked'>[],
  provenance: string,
  images?: ExtractedImages,
): Generator<string> {
  const heads = entries.map(({ picked: { particles: _, ...head } }): Head => head);
  const groups = opticsGroups(heads, images);
  yield starComment(provenance) + starLoop('optics', groups.labels) + starRows(groups.rows);
  const ctf = CTF.filter((label) => heads.every(({ values }) => label in values));
  const labels = [
    ...(images ? ['rlnImageName'] : []),
    ...['rlnMicrographName', 'rlnCoordinateX', 'rlnCoordinateY', 'rlnAutopickFigureOfMerit', 'rlnOpticsGroup'],
    ...ctf,
  ];
  yield ` \n${starLoop('particles', labels)}`;
  for (const [i, head] of heads.entries()) {
    const names = images?.names(i);
    const shared = [groups.groupOf(head), ...ctf.map((label) => head.values[label])];
    yield starRows(
      entries[i].picked.particles.map(({ x, y, score }, j) => [
        ...(names ? [names[j]] : []),
        ...[head.name, x.toFixed(6), y.toFixed(6), scoreText(score)],
        ...shared,
      ]),
    );
  }
  yield ' \n';
}

/** One group for each combination of pixel size and microscope values, in order of appearance. */
function opticsGroups(micrographs: readonly Head[], images: ExtractedImages | undefined) {
  const microscope = MICROSCOPE.filter((label) => micrographs.every(({ optics }) => label in optics));
  const sized = micrographs.every(({ pixelSize }) => pixelSize !== null);
  const labels = [
    ...['rlnOpticsGroupName', 'rlnOpticsGroup', ...microscope],
    ...(sized ? ['rlnMicrographPixelSize', 'rlnMicrographOriginalPixelSize'] : []),
    ...(images && sized ? ['rlnImagePixelSize'] : []),
    ...(images ? ['rlnImageSize', 'rlnImageDimensionality', 'rlnCtfDataAreCtfPremultiplied'] : []),
  ];
  const numbers = new Map<string, string>();
  const rows: string[][] = [];
  const keyOf = ({ optics, pixelSize }: Head) =>
    JSON.stringify([optics.rlnOpticsGroupName, pixelSize, microscope.map((label) => optics[label])]);
  for (const micrograph of micrographs) {
    const key = keyOf(micrograph);
    if (numbers.has(key)) continue;
    const number = String(numbers.size + 1);
    numbers.set(key, number);
    const { optics, pixelSize } = micrograph;
    const original = optics.rlnMicrographOriginalPixelSize ?? (pixelSize ?? 0).toFixed(6);
    rows.push([
      ...[optics.rlnOpticsGroupName ?? `opticsGroup${number}`, number, ...microscope.map((label) => optics[label])],
      ...(sized ? [(pixelSize ?? 0).toFixed(6), original] : []),
      ...(images && sized ? [((pixelSize ?? 0) * images.binning).toFixed(6)] : []),
      ...(images ? [String(images.side), '2', '0'] : []),
    ]);
  }
  return { labels, rows, groupOf: (micrograph: Head) => numbers.get(keyOf(micrograph)) ?? '1' };
}
