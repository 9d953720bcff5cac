/**
 * Topaz's text: tab-separated `image_name x_coord y_coord score` for all micrographs, whole 0-based pixels of the image that was
 * scored, which Topaz mostly scales down: `convert --scale` brings them to full size. Names have no
 * folder and no ending.
 */

import {
  type CoordinateFormat,
  type CoordinateRecord,
  readsLines,
  scoredParticle,
  scoreText,
  sharedNames,
} from './coordinate-format.js';
import { micrographColumn, scanTable } from './table.js';

const [NAME, X, Y, SCORE] = ['image_name', 'x_coord', 'y_coord', 'score'];

export const topazFormat: CoordinateFormat = {
  name: 'topaz',
  summary: 'Topaz: one tab-separated table; whole pixels of the image scored',
  extensions: ['topaz.txt', '.tsv'],
  namedExtensions: ['.txt'],
  bareNames: true,
  tolerance: 0.5,
  ...readsLines(() => {
    const records: CoordinateRecord[] = [];
    const share = sharedNames();
    const table = scanTable('\t', [NAME, X, Y], (names) => {
      const micrographOf = micrographColumn(names);
      const scored = names.includes(SCORE);
      return (row) => {
        const particle = scoredParticle(row.value(X), row.value(Y), scored ? row.value(SCORE) : undefined);
        records.push({ micrograph: share(micrographOf(row) ?? ''), particle });
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
  perRun: {
    file: 'topaz.txt',
    refuses: (name) => (/[\p{Cc}"]/u.test(name) ? 'a line break, tab, quote or control character' : null),
    *write(entries) {
      yield `${[NAME, X, Y, SCORE].join('\t')}\n`;
      for (const { picked } of entries) {
        const name = picked.name.replace(/^.*\//, '').replace(/\.(mrcs?(\.gz)?|tiff?|png|jpe?g)$/i, '');
        yield picked.particles
          .map(({ x, y, score }) => `${name}\t${Math.round(x)}\t${Math.round(y)}\t${scoreText(score)}\n`)
          .join('');
      }
    },
  },
};
