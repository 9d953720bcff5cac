/**
 * RELION's STAR text: data blocks to tables and back, read by label, never by column position.
 * Layout after RELION's metadata_table.cpp; the 3.0, 3.1, 4 and 5 variants differ in version lines and in blocks.
 */

import { counted } from '../core/words.js';
import { eachLine } from './lines.js';

/** A block: `data_NAME` with a loop (many rows) or a list (one row). */
export interface StarBlock {
  /** What follows `data_`; often empty. */
  readonly name: string;
  /** Labels without the leading underscore. */
  readonly labels: readonly string[];
  /** Values as text, one array a row, in the order of `labels`. */
  readonly rows: readonly (readonly string[])[];
  /** Line of the file, from 1, that each row was read from. */
  readonly lines: readonly number[];
}

/** A block to be written; `list`: its only row as a list instead of a loop. */
export type NewStarBlock = Omit<StarBlock, 'lines'> & { readonly list?: boolean };

/** Name and labels of a block, before its rows. */
export type StarHead = Pick<StarBlock, 'name' | 'labels'>;

/** Takes one row of a block: its values in the order of the labels, and its line from 1. */
export type StarRowReader = (row: string[], line: number) => void;

/** Thrown inside the parser; the caller knows the file's name. */
export class StarSyntaxError extends SyntaxError {}

/** Takes the lines of a STAR file, one after the other. */
export interface StarScanner {
  /** @throws StarSyntaxError naming the line */
  line(text: string, number: number): void;
  /** To be called after the last line. */
  end(): void;
}

/** A block while its lines are read. */
interface OpenBlock {
  name: string;
  labels: string[];
  /** The values of a list, which is one row. */
  list: { values: string[]; line: number } | null;
  loop: boolean;
  /** Whether the labels of the loop are numbered (`_rlnName #1`), as RELION numbers them. */
  numbered: boolean;
  reader: StarRowReader | null | undefined;
}

const TOKEN = /"([^"]*)"|'([^']*)'|(\S+)/g;
/** Lines that need more than a split at white space. */
const SPECIAL = /["'#]/;

/**
 * Reads STAR line by line, so that a file may be of any length. Comments (`#`, `;`), quotes, CR LF and a byte order mark are taken. An
 * empty line ends the rows of a loop; before it, a row may begin with `data_`, as names of folders do, or with `_`.
 *
 * @param onBlock - told of every block once its labels are known, also of one without rows; gives what takes its rows, or null to skip them
 */
export function scanStar(onBlock: (head: StarHead) => StarRowReader | null): StarScanner {
  let block: OpenBlock | null = null;
  let headerOpen = false;
  let rowsOpen = false;
  const readerOf = (open: OpenBlock) => {
    if (open.reader === undefined) open.reader = onBlock({ name: open.name, labels: open.labels });
    return open.reader;
  };
  const close = () => {
    if (!block) return;
    const reader = readerOf(block);
    if (block.list) reader?.(block.list.values, block.list.line);
    block = null;
  };
  return {
    line(text, number) {
      const trimmed = text.trim();
      if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) {
        if (trimmed === '') rowsOpen = false;
        return;
      }
      if (/^data_/i.test(trimmed) && !(block && rowsOpen && tokens(trimmed).length === block.labels.length)) {
        close();
        const name = trimmed.slice(5).split(/\s/)[0];
        block = { name, labels: [], list: null, loop: false, numbered: false, reader: undefined };
      } else if (!block) {
        throw beforeFirstBlock(trimmed, number);
      } else if (/^loop_$/i.test(trimmed)) {
        block.loop = true;
        headerOpen = true;
      } else if (trimmed.startsWith('_') && (!block.loop || (headerOpen && isLabel(block, trimmed)))) {
        addLabel(block, trimmed, number);
        rowsOpen = block.loop;
      } else {
        headerOpen = false;
        rowsOpen = true;
        const row = rowOf(block, trimmed, number);
        readerOf(block)?.(row, number);
      }
    },
    end: close,
  };
}

/**
 * Parses all blocks of a STAR file that is small enough to be held.
 *
 * @throws StarSyntaxError naming the line
 */
export function parseStar(text: string | Uint8Array): StarBlock[] {
  const blocks: { name: string; labels: readonly string[]; rows: string[][]; lines: number[] }[] = [];
  const scanner = scanStar(({ name, labels }) => {
    const block = { name, labels, rows: [] as string[][], lines: [] as number[] };
    blocks.push(block);
    return (row, line) => {
      block.rows.push(row);
      block.lines.push(line);
    };
  });
  eachLine(text, scanner.line);
  scanner.end();
  return blocks;
}

/** RELION 3.1 kept the name of the micrographs' STAR file in a file of its own: one line, no block. */
function beforeFirstBlock(line: string, number: number): StarSyntaxError {
  if (number === 1 && /\.star$/i.test(line)) {
    return new StarSyntaxError(
      `line 1 names ${shorten(line)}: this is RELION 3.1's pointer file of a job, without coordinates; give the folder of the job`,
    );
  }
  return new StarSyntaxError(`line ${number} stands before the first "data_" line: "${shorten(line)}"`);
}

/** Whether a line among the labels of a loop is one more label, and not the first row, whose first value may begin with `_`. */
function isLabel({ labels, numbered }: OpenBlock, line: string): boolean {
  const hasNumber = /^_\S+\s+#/.test(line);
  if (labels.length === 0 || hasNumber) return true;
  return !(tokens(line).length === labels.length && (numbered || labels.length > 1));
}

function addLabel(block: OpenBlock, line: string, number: number): void {
  const [label, ...values] = tokens(line);
  block.labels.push(label.slice(1));
  block.numbered ||= /^_\S+\s+#/.test(line);
  if (block.loop) return;
  if (values.length === 0)
    throw new StarSyntaxError(`line ${number}: ${label} has no value and no "loop_" stands before it`);
  block.list ??= { values: [], line: number };
  block.list.values.push(values[0]);
}

function rowOf(block: OpenBlock, line: string, number: number): string[] {
  const row = tokens(line);
  if (block.loop && row.length === block.labels.length) return row;
  throw new StarSyntaxError(
    `line ${number} has ${row.length} values for ${counted(block.labels.length, 'label')}: "${shorten(line)}"`,
  );
}

/** The values of a line; an unquoted word that starts with # begins a comment. */
function tokens(line: string): string[] {
  if (!SPECIAL.test(line)) return line.split(/\s+/);
  const words = [...line.matchAll(TOKEN)];
  const comment = words.findIndex((word) => word[3]?.startsWith('#'));
  return words.slice(0, comment < 0 ? undefined : comment).map((word) => word[1] ?? word[2] ?? word[3]);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Index of a label in a block, or -1. */
export function labelIndex(block: StarHead, label: string): number {
  return block.labels.indexOf(label);
}

/** Writes blocks as RELION 3.1 and later lay them out. */
export function writeStar(blocks: readonly NewStarBlock[], comment?: string): string {
  const written = blocks.map(({ name, labels, rows, list }) => {
    if (!list) return `${starLoop(name, labels)}${starRows(rows)} \n`;
    return `${blockStart(name)}${labels.map((label, i) => `_${label} ${quoted(rows[0][i])} \n`).join('')}`;
  });
  return starComment(comment) + written.join('');
}

/** The comment at the top of a file; empty without one. */
export function starComment(comment?: string): string {
  return comment === undefined ? '' : `\n# ${comment.replace(/\s+/g, ' ')}\n`;
}

function blockStart(name: string): string {
  return `\n# version 50001\n\ndata_${name}\n\n`;
}

/** A loop up to its rows: where these are too many for one string, `starRows` follows in several pieces. */
export function starLoop(name: string, labels: readonly string[]): string {
  return `${blockStart(name)}loop_ \n${labels.map((label, i) => `_${label} #${i + 1} \n`).join('')}`;
}

/** Rows of a loop. */
export function starRows(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(quoted).join('\t')} \n`).join('');
}

/** Why a STAR file cannot hold a value, or null: a value is one word, or stands between quotes on one line. */
export function unwritable(value: string): string | null {
  if (/\p{Cc}/u.test(value)) return 'a line break, tab or other control character';
  return quoted(value).startsWith('"') && value.includes('"') ? 'a double quote beside a space' : null;
}

function quoted(value: string): string {
  return /\s|^$|^["'#;_]/.test(value) ? `"${value.replaceAll('"', "'")}"` : value;
}
