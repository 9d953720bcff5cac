/**
 * cryoSPARC's `.cs` of picked particles: a NumPy structured array with the centre as a fraction of the micrograph's shape
 * [rows, columns]; y is the stored row (turned over only where the image itself is; `deepem doctor` tells). It is
 * read only: cryoSPARC imports the format `particles-star`.
 */

import { type CoordinateFormat, scoredParticle } from './coordinate-format.js';
import { type NpyColumn, readNpyTable } from './npy.js';

const COMPRESSED = [0x95, 0x43, 0x53, 0x44, 0x41, 0x54];
const SCORE = 'pick_stats/ncc_score';
const UID = 'location/micrograph_uid';

export const cryosparcFormat: CoordinateFormat = {
  name: 'cs',
  summary: 'cryoSPARC picks, read only; particles-star is the way back',
  extensions: [],
  namedExtensions: ['.cs'],
  tolerance: 1e-3,
  read(data) {
    if (COMPRESSED.every((byte, i) => data[i] === byte)) {
      throw new SyntaxError(
        'this is a compressed .cs; load it with cryosparc-tools and save it with format=NUMPY_FORMAT',
      );
    }
    const { rows, columns } = readNpyTable(data);
    const numbers = (name: string, width: number) => {
      const column = columns.get(name);
      if (column?.kind === 'numbers' && column.width === width) return column.value;
      throw new SyntaxError(`the field "${name}" is missing; these are not picked particles`);
    };
    const [x, y] = ['x', 'y'].map((axis) => numbers(`location/center_${axis}_frac`, 1));
    const shape = numbers('location/micrograph_shape', 2);
    const score: NpyColumn | undefined = columns.get(SCORE);
    const path: NpyColumn | undefined = columns.get('location/micrograph_path');
    if (!path) assertOneMicrograph(rows, columns.get(UID));
    return Array.from({ length: rows }, (_, i) => ({
      micrograph: path?.kind === 'text' ? path.value(i).replace(/^>/, '') : null,
      particle: scoredParticle(
        x(i) * shape(i, 1),
        y(i) * shape(i, 0),
        score?.kind === 'numbers' ? score.value(i) : undefined,
      ),
    }));
  },
};

/** @throws SyntaxError where the particles belong to several micrographs that are not named */
function assertOneMicrograph(rows: number, uid: NpyColumn | undefined): void {
  if (uid?.kind !== 'numbers') return;
  const uids = new Set(Array.from({ length: rows }, (_, i) => uid.value(i)));
  if (uids.size < 2) return;
  throw new SyntaxError(
    `the particles belong to ${uids.size} micrographs that are named by "${UID}" only: export the group "location" with its field "micrograph_path" (exposures or passthrough of the job) to name them`,
  );
}
