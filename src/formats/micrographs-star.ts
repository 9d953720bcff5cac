/** A list of micrographs as RELION 3.1 and later and cryoSPARC read it: optics groups, and a row for each micrograph. */

import type { StarMicrograph } from './relion-star.js';
import { writeStar } from './star.js';

/** Labels that say which group a row belongs to: they are numbered again. */
const GROUP = 'rlnOpticsGroup';
const NAME = 'rlnMicrographName';

/**
 * Writes a list; what only some micrographs know is left out.
 *
 * @param comment - for the first line
 */
export function writeMicrographsStar(micrographs: readonly StarMicrograph[], comment: string): string {
  const common = (of: (one: StarMicrograph) => Readonly<Record<string, string>>, without: readonly string[]) => {
    const [first, ...others] = micrographs;
    const labels = first ? Object.keys(of(first)) : [];
    return labels.filter((label) => !without.includes(label) && others.every((one) => label in of(one)));
  };
  const isSized = micrographs.length > 0 && micrographs.every(({ pixelSize }) => pixelSize !== null);
  const optics = common(({ optics: own }) => own, [GROUP, 'rlnOpticsGroupName', 'rlnMicrographPixelSize']);
  const values = common(({ values: own }) => own, [GROUP, NAME]);
  const keyOf = ({ optics: own, pixelSize }: StarMicrograph) =>
    JSON.stringify([own.rlnOpticsGroupName, pixelSize, optics.map((label) => own[label])]);
  const groups = [...new Map(micrographs.map((one) => [keyOf(one), one]))];
  const numbers = new Map(groups.map(([key], i) => [key, String(i + 1)]));
  return writeStar(
    [
      {
        name: 'optics',
        labels: ['rlnOpticsGroupName', GROUP, ...(isSized ? ['rlnMicrographPixelSize'] : []), ...optics],
        rows: groups.map(([key, { optics: own, pixelSize }]) => {
          const number = numbers.get(key) ?? '1';
          return [
            ...[own.rlnOpticsGroupName ?? `opticsGroup${number}`, number],
            ...(isSized ? [String(pixelSize)] : []),
            ...optics.map((label) => own[label]),
          ];
        }),
      },
      {
        name: 'micrographs',
        labels: [NAME, GROUP, ...values],
        rows: micrographs.map((one) => [
          ...[one.name, numbers.get(keyOf(one)) ?? '1'],
          ...values.map((label) => one.values[label]),
        ]),
      },
    ],
    comment,
  );
}
