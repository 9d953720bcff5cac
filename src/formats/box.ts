/**
 * EMAN's `.box`: `x y width height [score]`, where (x, y) is the corner with the smallest column and row and the centre
 * is x + width/2. Integers are written, as RELION reads nothing else there.
 */

import {
  type CoordinateFormat,
  type CoordinateRecord,
  filledLines,
  isComment,
  parseNumber,
  scoredParticle,
  scoreText,
  textReader,
} from './coordinate-format.js';

export const boxFormat: CoordinateFormat = {
  name: 'box',
  summary: 'EMAN: x y width height score; whole numbers, the corner',
  extensions: ['.box'],
  needsBox: true,
  tolerance: 0.5,
  read: textReader(readBoxes),
  perMicrograph: {
    path: (stem) => `${stem}.box`,
    holdsProvenance: false,
    write({ particles, box }) {
      return particles
        .map(({ x, y, score }) => {
          const corner = `${Math.round(x - box / 2)}\t${Math.round(y - box / 2)}\t${box}\t${box}`;
          return score === undefined ? `${corner}\n` : `${corner}\t${scoreText(score)}\n`;
        })
        .join('');
    },
  },
};

/**
 * Reads lines of corners and sizes; a size of 0 means that the corner is the centre.
 *
 * @throws SyntaxError
 */
export function readBoxes(text: string): CoordinateRecord[] {
  return filledLines(text)
    .filter((line) => !isComment(line))
    .map(({ line, number }) => {
      const fields = line.split(/[\s,]+/);
      const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name, i) =>
        parseNumber(fields[i], name, number),
      );
      const score = fields.length > 4 ? scoreOf(fields[4], number) : undefined;
      const particle = scoredParticle(x + width / 2, y + height / 2, score);
      return { micrograph: null, particle, ...(width > 0 && { box: width }) };
    });
}

/**
 * The fifth column: a score, or one of EMAN's flags, which are whole numbers: -3 marks a particle, -1 and -2 the two ends of a helix.
 *
 * @throws SyntaxError at the ends of helices
 */
function scoreOf(field: string, line: number): number | undefined {
  if (field === '-3') return undefined;
  if (field !== '-1' && field !== '-2') return parseNumber(field, 'score', line);
  throw new SyntaxError(
    `line ${line}: the fifth column is ${field}, which marks an end of a helix: these are EMAN helix boxes (filaments), not particles`,
  );
}
