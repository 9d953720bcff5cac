/** Text tables with a header line: columns are found by name, never by position. */

import { filledLines, isComment, parseNumber } from './coordinate-format.js';

/** A row, read by column name. */
export interface TableRow {
  readonly number: number;
  /** The text of a column; undefined where the table or the row has none. */
  text(name: string): string | undefined;
  /** @throws SyntaxError where the text is no number */
  value(name: string): number;
}

/** A table's column names, in lower case, and its rows. */
export interface Table {
  readonly names: readonly string[];
  readonly rows: readonly TableRow[];
}

/**
 * Reads a table whose fields are separated by `separator`; quotes around a field are taken off, and commas within them belong to
 * it. Comments may stand before the
 * header: below it a line with # is a row, whose name may begin so.
 *
 * @param needed - columns that must be there, in lower case
 * @throws SyntaxError if there is no header line, or a column is missing
 */
export function parseTable(text: string, separator: string | RegExp, needed: readonly string[]): Table {
  const pieces = (line: string) => (separator === ',' ? splitAtCommas(line) : line.split(separator));
  const split = (line: string) => pieces(line).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
  const wanted = needed.map((name) => `"${name}"`).join(' and ');
  const all = filledLines(text);
  const start = all.findIndex((line) => !isComment(line));
  const [header, ...lines] = start < 0 ? [] : all.slice(start);
  if (!header) throw new SyntaxError(`the file is empty; a header line with ${wanted} is needed`);
  const names = split(header.line).map((name) => name.toLowerCase());
  if (needed.some((name) => !names.includes(name))) {
    throw new SyntaxError(`the header is "${header.line.slice(0, 60)}"; columns named ${wanted} are needed`);
  }
  const rows = lines.map(({ line, number }): TableRow => {
    const fields = split(line);
    return {
      number,
      text: (name) => fields[names.indexOf(name)],
      value: (name) => parseNumber(fields[names.indexOf(name)], name, number),
    };
  });
  return { names, rows };
}

/** Fields between commas that stand outside quotes; a quote that is never closed holds no comma. */
function splitAtCommas(line: string): string[] {
  const fields: string[] = [];
  let begun: string[] = [];
  let isOpen = false;
  for (const piece of line.split(',')) {
    begun.push(piece);
    if (piece.split('"').length % 2 === 0) isOpen = !isOpen;
    if (isOpen) continue;
    fields.push(begun.join(','));
    begun = [];
  }
  return [...fields, ...begun];
}
