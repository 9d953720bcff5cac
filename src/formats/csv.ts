/**
 * Plain `x,y[,score]` text with a header. A column such as `micrograph` says which micrograph a row belongs to; a column `diameter` or
 * `radius` says how large the particle is, a column `class` its class of a 2D classification; other columns are ignored. Centres, full-size pixels, first stored row is y = 0.
 */

import {
  type CoordinateFormat,
  type CoordinateRecord,
  readsLines,
  scoredParticle,
  scoreText,
  sharedNames,
  withClass,
} from './coordinate-format.js';
import { micrographColumn, scanTable } from './table.js';

const CRYOPPP_HEADER = /^\s*"?x-coordinate/i;

export const csvFormat: CoordinateFormat = {
  name: 'csv',
  summary: 'x,y,score: centres',
  extensions: ['.csv'],
  tolerance: 1e-3,
  ...readsLines(() => {
    const records: CoordinateRecord[] = [];
    const share = sharedNames();
    const table = scanTable(',', ['x', 'y'], (names) => {
      const micrographOf = micrographColumn(names);
      const hasScore = names.includes('score');
      const sizes = [
        ['diameter', 1],
        ['radius', 2],
      ] as const;
      const size = sizes.find(([name]) => names.includes(name));
      return (row) => {
        const name = micrographOf(row);
        const score = hasScore ? row.value('score') : undefined;
        const scored = scoredParticle(row.value('x'), row.value('y'), score);
        const particle = withClass(scored, row.text('class'));
        const diameter = size && size[1] * Number(row.text(size[0]));
        records.push({ micrograph: name === null ? null : share(name), particle, ...(diameter && { diameter }) });
      };
    });
    return {
      line(text, number) {
        if (CRYOPPP_HEADER.test(text)) {
          throw new SyntaxError(
            'this looks like CryoPPP, which counts y from the last row; deepem convert --from cryoppp reads it',
          );
        }
        table.line(text, number);
      },
      end() {
        table.end();
        return records;
      },
    };
  }),
  perMicrograph: {
    path: (stem) => `${stem}.csv`,
    holdsProvenance: false,
    write({ particles }) {
      const scored = particles.some(({ score }) => score !== undefined);
      const rows = particles.map(({ x, y, score }) => {
        const centre = `${x.toFixed(3)},${y.toFixed(3)}`;
        return scored ? `${centre},${scoreText(score)}\n` : `${centre}\n`;
      });
      return `x,y${scored || particles.length === 0 ? ',score' : ''}\n${rows.join('')}`;
    },
  },
};
