/** Plain `x,y[,score]` text with a header; other columns are ignored. Centres, full-size pixels, first stored row is y = 0. */

import { type CoordinateFormat, contentLines, parseNumber, scoredParticle } from './coordinate-format.js';

export const csvFormat: CoordinateFormat = {
  name: 'csv',
  suffix: '.csv',
  extensions: ['.csv'],
  read(text) {
    const [header, ...rows] = contentLines(text);
    if (!header) throw new SyntaxError('the file is empty; a header line "x,y" or "x,y,score" is needed');
    const names = split(header.line).map((name) => name.toLowerCase());
    const [x, y, score] = ['x', 'y', 'score'].map((name) => names.indexOf(name));
    if (x < 0 || y < 0) {
      throw new SyntaxError(`the header is "${header.line.slice(0, 60)}"; columns named "x" and "y" are needed`);
    }
    return rows.map(({ line, number }) => {
      const fields = split(line);
      const value = (column: number, name: string) => parseNumber(fields[column], name, number);
      const particle = scoredParticle(value(x, 'x'), value(y, 'y'), score < 0 ? undefined : value(score, 'score'));
      return { micrograph: null, particle };
    });
  },
  write(particles) {
    const scored = particles.some(({ score }) => score !== undefined);
    const rows = particles.map(({ x, y, score }) => {
      const centre = `${x.toFixed(3)},${y.toFixed(3)}`;
      return scored ? `${centre},${(score ?? 0).toFixed(6)}\n` : `${centre}\n`;
    });
    return `x,y${scored || particles.length === 0 ? ',score' : ''}\n${rows.join('')}`;
  },
};

function split(line: string): string[] {
  return line.split(',').map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
}
