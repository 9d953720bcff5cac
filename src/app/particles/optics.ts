/** Names, optics and pixel sizes of micrographs, for particle lists. */

import { FileError, LabelError, messageOf } from '../../core/errors.js';
import { particlesStarFormat } from '../../formats/particles-star.js';
import {
  pixelSizeOf as pixelSizeOfOptics,
  readMicrographsStar,
  type StarMicrograph,
} from '../../formats/relion-star.js';
import { type CoordinateSet, placeOfMicrograph, placeOfNamed } from '../../storage/coordinate-pairs.js';
import { readText } from '../../storage/files.js';
import { type InputMicrograph, listedName } from '../../storage/inputs.js';
import { stem } from '../../storage/names.js';
import { describeWeakerRules, pairUp } from '../../storage/pairing.js';
import type { Tell } from '../events.js';
import { note } from '../tell.js';

/** What a list says of one micrograph. */
export interface Optics {
  readonly name: string;
  readonly star: StarMicrograph | undefined;
  /**
   * Angstroms per pixel: of the table where there is one, which is not filled up from elsewhere.
   *
   * @throws LabelError if the table has none
   */
  readonly pixelSizeOf: (micrograph: { readonly pixelSize: number | null }) => number | null;
}

/** Looks a micrograph up. @throws LabelError if it is not in the table; FileError if a list cannot hold its name */
export type OpticsSource = (input: InputMicrograph, set: CoordinateSet) => Optics;

/**
 * Reads a table of optics, if there is one.
 *
 * @param ctf - a `micrographs.star`; without it, optics are those of the inputs and coordinates
 * @throws FileError, LabelError if the table cannot be used
 */
export async function opticsSource(
  inputs: readonly InputMicrograph[],
  { ctf }: { readonly ctf?: string },
  tell: Tell,
): Promise<OpticsSource> {
  if (ctf === undefined) {
    return (input, set) => {
      const star = input.star ?? ofCoordinates(set);
      const name = listedName(input);
      assertName(name);
      return { name, star, pixelSizeOf: ({ pixelSize }) => star?.pixelSize ?? pixelSize ?? input.pixelSize };
    };
  }
  const entries = pairTable(inputs, await readTable(ctf), ctf, tell);
  return (input) => {
    const star = entryOf(entries, input);
    assertName(star.name);
    return { name: star.name, star, pixelSizeOf: () => pixelSizeIn(star, ctf) };
  };
}

/** Entries of a `micrographs.star` of the micrographs that have one. */
type Entries = ReadonlyMap<InputMicrograph, StarMicrograph>;

async function readTable(file: string): Promise<StarMicrograph[]> {
  try {
    return readMicrographsStar(await readText(file));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new FileError(
      { what: `Cannot read ${file}`, received: messageOf(cause), expected: 'a micrographs.star' },
      { cause },
    );
  }
}

/** @throws LabelError if an entry could belong to several micrographs, or several entries to one */
function pairTable(
  inputs: readonly InputMicrograph[],
  entries: readonly StarMicrograph[],
  file: string,
  tell: Tell,
): Entries {
  const { pairs } = pairUp(inputs, entries, {
    ownerPlace: placeOfMicrograph,
    setPlace: ({ name }) => placeOfNamed(name, file),
    choose(some, { path }) {
      if (some.length === 1) return some[0];
      throw new LabelError({
        what: `More than one micrograph in ${file} could be ${path}`,
        received: some.map(({ name }) => name).join(', '),
        expected: `one that ${path} ends in`,
      });
    },
  });
  const weaker = describeWeakerRules(pairs, `micrographs of ${file}`);
  if (weaker) note(tell, weaker);
  return new Map(pairs.map(({ owner, set }) => [owner, set]));
}

/** What a particle list says of the optics of a micrograph. */
function ofCoordinates({ micrograph, optics }: CoordinateSet): StarMicrograph | undefined {
  return optics && { name: micrograph, pixelSize: pixelSizeOfOptics(optics), values: {}, optics };
}

/** @throws FileError where particles.star cannot hold the name */
function assertName(name: string): void {
  const reason = particlesStarFormat.perRun?.refuses?.(name) ?? null;
  if (reason === null) return;
  throw new FileError({
    what: `${JSON.stringify(name)} cannot stand in particles.star`,
    received: `${reason} in the name`,
    expected: 'a name without it',
  });
}

/** @throws LabelError if the table has no pixel size */
function pixelSizeIn(star: StarMicrograph, file: string): number {
  if (star.pixelSize !== null) return star.pixelSize;
  throw new LabelError({
    what: `${file} has no pixel size for ${star.name}`,
    received: `the labels ${Object.keys({ ...star.optics, ...star.values }).join(', ')}`,
    expected: 'rlnMicrographPixelSize in its optics group',
    hint: 'Give --pixel-size, or a table that has it',
  });
}

/** @throws LabelError if the micrograph is not listed */
function entryOf(entries: Entries, input: InputMicrograph): StarMicrograph {
  const star = entries.get(input);
  if (star) return star;
  throw new LabelError({
    what: `${input.path} is not listed in the file given to --ctf`,
    expected: `an entry of the name "${stem(input.path)}"`,
  });
}
