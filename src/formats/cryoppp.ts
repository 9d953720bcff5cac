/**
 * CryoPPP's ground truth: `X-Coordinate,Y-Coordinate,Diameter,...`, centres in pixels, y counted from the last stored row:
 * y = rows - stored row. It shares its ending with plain csv and is read and written only by name.
 */

import { type CoordinateFormat, type CoordinateRecord, type ReadContext, readsLines } from './coordinate-format.js';
import { scanTable } from './table.js';

const [X, Y, DIAMETER] = ['X-Coordinate', 'Y-Coordinate', 'Diameter'];

export const cryopppFormat: CoordinateFormat = {
  name: 'cryoppp',
  summary: "CryoPPP's csv: centres, y from the last row; no scores",
  extensions: [],
  needsBox: true,
  needsSize: true,
  tolerance: 1e-3,
  ...readsLines((context) => {
    const records: CoordinateRecord[] = [];
    const table = scanTable(',', [X.toLowerCase(), Y.toLowerCase()], (names) => {
      const sized = names.includes(DIAMETER.toLowerCase());
      return (row) => {
        records.push({
          micrograph: null,
          particle: { x: row.value(X.toLowerCase()), y: rowsOf(context) - row.value(Y.toLowerCase()) },
          ...(sized && { box: row.value(DIAMETER.toLowerCase()), diameter: row.value(DIAMETER.toLowerCase()) }),
        });
      };
    });
    return {
      line: table.line,
      end() {
        table.end();
        return records;
      },
    };
  }),
  perMicrograph: {
    path: (stem) => `${stem}.csv`,
    holdsProvenance: false,
    write({ particles, height, box }) {
      const rows = particles.map(({ x, y }) => `${x.toFixed(3)},${(height - y).toFixed(3)},${box}\n`);
      return `${X},${Y},${DIAMETER}\n${rows.join('')}`;
    },
  },
};

/** @throws SyntaxError where the micrograph's size is not known */
function rowsOf({ height }: ReadContext): number {
  if (height !== undefined) return height;
  throw new SyntaxError('y counts from the last row, so the micrograph is needed: give --micrographs');
}
