/** Plain `x,y[,score]` text with a header; other columns are ignored. Centres, full-size pixels, first stored row is y = 0. */

import { type CoordinateFormat, scoredParticle, scoreText, textReader } from './coordinate-format.js';
import { parseTable } from './table.js';

const CRYOPPP_HEADER = /^\s*"?x-coordinate/i;

export const csvFormat: CoordinateFormat = {
  name: 'csv',
  summary: 'x,y,score: centres',
  extensions: ['.csv'],
  tolerance: 1e-3,
  read: textReader((text) => {
    if (CRYOPPP_HEADER.test(text)) {
      throw new SyntaxError(
        'this looks like CryoPPP, which counts y from the last row; deepem convert --from cryoppp reads it',
      );
    }
    const { names, rows } = parseTable(text, ',', ['x', 'y']);
    const scored = names.includes('score');
    return rows.map((row) => {
      const score = scored ? row.value('score') : undefined;
      return { micrograph: null, particle: scoredParticle(row.value('x'), row.value('y'), score) };
    });
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
