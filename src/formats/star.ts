/**
 * RELION's STAR text: data blocks to tables and back, read by label, never by column position.
 * Layout after RELION's metadata_table.cpp; the 3.0, 3.1, 4 and 5 variants differ in version lines and in blocks.
 */

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

/** A block while its lines are read. */
interface OpenBlock {
  name: string;
  labels: string[];
  rows: string[][];
  lines: number[];
  loop: boolean;
}

/** Thrown inside the parser; the caller knows the file's name. */
export class StarSyntaxError extends SyntaxError {}

const TOKEN = /"([^"]*)"|'([^']*)'|(\S+)/g;

/**
 * Parses all blocks of a STAR file. Comments (`#`, `;`), quotes, CRLF and a byte order mark are taken. An empty line ends the rows of a
 * loop; before it, a row may begin with `data_`, as names of folders do.
 *
 * @throws StarSyntaxError naming the line
 */
export function parseStar(text: string): StarBlock[] {
  const blocks: OpenBlock[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  let headerOpen = false;
  let rowsOpen = false;
  lines.forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) {
      if (trimmed === '') rowsOpen = false;
      return;
    }
    const block = blocks.at(-1);
    const isRow = () => block && rowsOpen && tokens(trimmed).length === block.labels.length;
    if (/^data_/i.test(trimmed) && !isRow()) {
      blocks.push({ name: trimmed.slice(5).split(/\s/)[0], labels: [], rows: [], lines: [], loop: false });
    } else if (!block) {
      throw new StarSyntaxError(`line ${index + 1} stands before the first "data_" line: "${shorten(trimmed)}"`);
    } else if (/^loop_$/i.test(trimmed)) {
      block.loop = true;
      headerOpen = true;
    } else if (trimmed.startsWith('_') && (!block.loop || headerOpen)) {
      addLabel(block, trimmed, index);
      rowsOpen = block.loop;
    } else {
      headerOpen = false;
      rowsOpen = true;
      addRow(block, trimmed, index);
    }
  });
  return blocks;
}

function addLabel(block: OpenBlock, line: string, index: number): void {
  const [label, ...values] = tokens(line);
  block.labels.push(label.slice(1));
  if (block.loop) return;
  if (values.length === 0)
    throw new StarSyntaxError(`line ${index + 1}: ${label} has no value and no "loop_" stands before it`);
  if (block.rows.length === 0) {
    block.rows.push([]);
    block.lines.push(index + 1);
  }
  block.rows[0].push(values[0]);
}

function addRow(block: OpenBlock, line: string, index: number): void {
  const row = tokens(line);
  if (!block.loop || row.length !== block.labels.length) {
    throw new StarSyntaxError(
      `line ${index + 1} has ${row.length} values for ${block.labels.length} labels: "${shorten(line)}"`,
    );
  }
  block.rows.push(row);
  block.lines.push(index + 1);
}

/** The values of a line; an unquoted word that starts with # begins a comment. */
function tokens(line: string): string[] {
  const words = [...line.matchAll(TOKEN)];
  const comment = words.findIndex((word) => word[3]?.startsWith('#'));
  return words.slice(0, comment < 0 ? undefined : comment).map((word) => word[1] ?? word[2] ?? word[3]);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Index of a label in a block, or -1. */
export function labelIndex(block: StarBlock, label: string): number {
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

function quoted(value: string): string {
  return /\s|^$|^["'#;_]/.test(value) ? `"${value.replaceAll('"', "'")}"` : value;
}
