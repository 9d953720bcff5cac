/** The rules of STAR and box files beyond those without which they cannot be read. Sources are in docs/formats.md. */

import { filledLines, isComment } from './coordinate-format.js';
import { type FileFinding, findingsOf } from './finding.js';
import { parseStar } from './star.js';

const SELECTION = 'rlnParticleSelectionType';

/**
 * Checks a STAR file as RELION reads it.
 *
 * @throws StarSyntaxError if it cannot be read at all
 */
export function checkStar(text: string): FileFinding[] {
  const blocks = parseStar(text);
  const names = blocks.map(({ name }) => name);
  const findings = findingsOf([
    [blocks.length === 0, 'error', 'no data block', 'a STAR file begins with a line "data_"'],
    [
      text.includes('\r'),
      'warning',
      'lines end with carriage returns',
      'RELION takes them for part of the last value: run dos2unix',
    ],
    [text.startsWith('\uFEFF'), 'warning', 'a byte order mark', 'RELION does not know it: save the file without'],
    [
      new Set(names).size < names.length,
      'error',
      `two blocks of the same name: ${names.join(', ')}`,
      'programs read only the first: rename one',
    ],
    [
      /["']/.test(text.replace(/^\s*#.*$/gm, '')),
      'warning',
      'quoted values',
      'RELION before 5 does not know quotes: avoid spaces in names',
    ],
  ]);
  for (const { name, labels, rows } of blocks) {
    const where = `block "data_${name}"`;
    const doubled = labels.filter((label, i) => labels.indexOf(label) !== i);
    const selection = labels.indexOf(SELECTION);
    const wrong = selection < 0 ? [] : rows.filter((row) => !/^[1-6]$/.test(row[selection]));
    findings.push(
      ...findingsOf([
        [labels.length === 0, 'error', `${where} has no labels`, 'remove it'],
        [doubled.length > 0, 'error', `${where} has the label ${doubled[0]} twice`, 'remove one column'],
        [
          wrong.length > 0,
          'error',
          `${where}: ${SELECTION} is not 1 to 6 in ${wrong.length} rows`,
          "RELION's display ends there: set 2",
        ],
      ]),
    );
  }
  return findings;
}

/** Checks a box file as EMAN2 and RELION read it. */
export function checkBox(text: string): FileFinding[] {
  const lines = filledLines(text);
  const rows = lines.filter((line) => !isComment(line)).map(({ line }) => line.split(/[\s,]+/));
  const sizes = new Set(rows.map((row) => `${row[2]} ${row[3]}`));
  const fractional = rows.filter((row) => row.slice(0, 4).some((field) => !/^-?\d+$/.test(field))).length;
  const odd = rows.filter((row) => Number(row[2]) % 2 === 1 || Number(row[3]) % 2 === 1).length;
  const zero = rows.filter((row) => Number(row[2]) === 0).length;
  return findingsOf([
    [lines.some(isComment), 'warning', 'lines that begin with #', 'RELION ends at them: remove them'],
    [fractional > 0, 'warning', `${fractional} rows with fractions`, 'RELION reads whole numbers only'],
    [sizes.size > 1, 'warning', `boxes of ${sizes.size} sizes`, 'programs use one size'],
    [odd > 0, 'warning', `${odd} boxes of odd size`, 'the centre moves by half a pixel each time they are converted'],
    [
      zero > 0,
      'warning',
      `${zero} boxes of size 0`,
      'x and y are taken for the centre by some programs, for the corner by others',
    ],
  ]);
}
