/** The rules of STAR and box files beyond those without which they cannot be read. Sources are in docs/formats.md. */

import { counted } from '../core/words.js';
import { filledLines, isComment } from './coordinate-format.js';
import { type FileFinding, findingsOf } from './finding.js';
import { splitLines } from './lines.js';
import { type StarHead, scanStar } from './star.js';

const SELECTION = 'rlnParticleSelectionType';

/** A block of a STAR file without its rows. */
export interface StarSummary extends StarHead {
  readonly rows: number;
}

/** Checks a STAR file of any length as RELION reads it. */
export interface StarChecker {
  /** @throws StarSyntaxError if it cannot be read at all */
  push(bytes: Uint8Array): void;
  end(): { readonly blocks: readonly StarSummary[]; readonly findings: FileFinding[] };
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const CARRIAGE_RETURN = 0x0d;

export function starChecker(): StarChecker {
  const blocks: { name: string; labels: readonly string[]; rows: number; wrong: number }[] = [];
  let [begun, mark, returns, quotes] = [false, false, false, false];
  const scanner = scanStar((head) => {
    const block = { ...head, rows: 0, wrong: 0 };
    blocks.push(block);
    const selection = head.labels.indexOf(SELECTION);
    return (row) => {
      block.rows++;
      if (selection >= 0 && !/^[1-6]$/.test(row[selection])) block.wrong++;
    };
  });
  const splitter = splitLines((line, number) => {
    quotes ||= /["']/.test(line) && !line.trimStart().startsWith('#');
    scanner.line(line, number);
  });
  return {
    push(bytes) {
      if (!begun) mark = BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte);
      begun = true;
      returns ||= bytes.includes(CARRIAGE_RETURN);
      splitter.push(bytes);
    },
    end() {
      splitter.end();
      scanner.end();
      const names = blocks.map(({ name }) => name);
      const findings = findingsOf([
        [blocks.length === 0, 'error', 'no data block', 'a STAR file begins with a line "data_"'],
        [
          returns,
          'warning',
          'lines end with carriage returns',
          'RELION takes them for part of the last value: run dos2unix',
        ],
        [mark, 'warning', 'a byte order mark', 'RELION does not know it: save the file without'],
        [
          new Set(names).size < names.length,
          'error',
          `two blocks of the same name: ${names.join(', ')}`,
          'programs read only the first: rename one',
        ],
        [quotes, 'warning', 'quoted values', 'RELION before 5 does not know quotes: avoid spaces in names'],
      ]);
      for (const block of blocks) findings.push(...findingsOfBlock(block));
      return { blocks, findings };
    },
  };
}

function findingsOfBlock({ name, labels, wrong }: StarHead & { readonly wrong: number }): FileFinding[] {
  const where = `block "data_${name}"`;
  const doubled = labels.filter((label, i) => labels.indexOf(label) !== i);
  return findingsOf([
    [labels.length === 0, 'error', `${where} has no labels`, 'remove it'],
    [doubled.length > 0, 'error', `${where} has the label ${doubled[0]} twice`, 'remove one column'],
    [wrong > 0, 'error', `${where}: ${SELECTION} is not 1 to 6 in ${wrong} rows`, "RELION's display ends there: set 2"],
  ]);
}

/**
 * Checks a STAR file in memory.
 *
 * @throws StarSyntaxError if it cannot be read at all
 */
export function checkStar(text: string): FileFinding[] {
  const checker = starChecker();
  checker.push(new TextEncoder().encode(text));
  return checker.end().findings;
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
    [
      odd > 0,
      'warning',
      `${counted(odd, 'box')} of odd size`,
      'the centre moves by half a pixel each time they are converted',
    ],
    [
      zero > 0,
      'warning',
      `${counted(zero, 'box')} of size 0`,
      'x and y are taken for the centre by some programs, for the corner by others',
    ],
  ]);
}
