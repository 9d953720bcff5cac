/**
 * EMAN's `.box`: `x y width height [score]`, where (x, y) is the corner with the smallest column and row and the centre
 * is x + width/2 (formats.md 5.4). Integers are written, as RELION reads nothing else there.
 */

import { type CoordinateFormat, contentLines, parseNumber, scoredParticle } from './coordinate-format.js';

export const boxFormat: CoordinateFormat = {
  name: 'box',
  suffix: '.box',
  extensions: ['.box'],
  read(text) {
    return contentLines(text).map(({ line, number }) => {
      const fields = line.split(/[\s,]+/);
      const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name, i) =>
        parseNumber(fields[i], name, number),
      );
      const score = fields.length > 4 ? parseNumber(fields[4], 'score', number) : undefined;
      return { micrograph: null, particle: scoredParticle(x + width / 2, y + height / 2, score) };
    });
  },
  write(particles, { box }) {
    return particles
      .map(({ x, y, score }) => {
        const corner = `${Math.round(x - box / 2)}\t${Math.round(y - box / 2)}\t${box}\t${box}`;
        return score === undefined ? `${corner}\n` : `${corner}\t${score.toFixed(6)}\n`;
      })
      .join('');
  },
};
