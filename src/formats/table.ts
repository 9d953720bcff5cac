/** Text tables with a header line: columns are found by name, never by position. */

import { isComment, parseNumber } from './coordinate-format.js';

/** A row, read by column name. */
export interface TableRow {
  readonly number: number;
  /** The text of a column; undefined where the table or the row has none. */
  text(name: string): string | undefined;
  /** @throws SyntaxError where the text is no number */
  value(name: string): number;
}

/** Takes the lines of a table, one after the other. */
export interface TableScanner {
  /** @throws SyntaxError */
  line(text: string, number: number): void;
  /** @throws SyntaxError if there was no header line */
  end(): void;
}

/**
 * Reads a table whose fields are separated by `separator`; quotes around a field are taken off, and commas within them belong to
 * it. Comments may stand before the header: below it a line with # is a row, whose name may begin so.
 *
 * @param needed - columns that must be there, in lower case
 * @param onHeader - gets the names of the columns in lower case, and gives what takes the rows
 */
export function scanTable(
  separator: string | RegExp,
  needed: readonly string[],
  onHeader: (names: readonly string[]) => (row: TableRow) => void,
): TableScanner {
  const pieces = (line: string) => (separator === ',' ? splitAtCommas(line) : line.split(separator));
  const split = (line: string) => pieces(line).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
  const wanted = needed.map((name) => `"${name}"`).join(' and ');
  let header: { readonly columns: ReadonlyMap<string, number>; readonly onRow: (row: TableRow) => void } | null = null;
  return {
    line(text, number) {
      const line = text.trim();
      if (line === '' || (!header && isComment({ line, number }))) return;
      const fields = split(line);
      if (header) {
        const { columns, onRow } = header;
        onRow({
          number,
          text: (name) => fields[columns.get(name) ?? -1],
          value: (name) => parseNumber(fields[columns.get(name) ?? -1], name, number),
        });
        return;
      }
      const names = fields.map((name) => name.toLowerCase());
      if (needed.some((name) => !names.includes(name))) {
        throw new SyntaxError(`the header is "${line.slice(0, 60)}"; columns named ${wanted} are needed`);
      }
      header = { columns: new Map(names.map((name, i) => [name, i])), onRow: onHeader(names) };
    },
    end() {
      if (!header) throw new SyntaxError(`the file is empty; a header line with ${wanted} is needed`);
    },
  };
}

/** Names of the column that says which micrograph a row belongs to, as this field's programs write it. */
const MICROGRAPH_COLUMNS = [
  'micrograph',
  'micrograph_name',
  'micrograph_path',
  'image_name',
  'rlnmicrographname',
  'image',
  'filename',
  'file_name',
  'rlnimagename',
  '_rlnmicrographname',
];

/**
 * What reads the micrograph of a row: null where no column names it.
 *
 * @throws SyntaxError (the reader) for a row whose field is empty
 */
export function micrographColumn(names: readonly string[]): (row: TableRow) => string | null {
  const column = MICROGRAPH_COLUMNS.find((name) => names.includes(name));
  if (column === undefined) return uidColumn(names);
  return (row) => {
    const name = (row.text(column) ?? '').replace(/^\d+@/, '');
    if (name !== '') return name;
    throw new SyntaxError(`line ${row.number}: the column "${column}" is empty, so the micrograph is not known`);
  };
}

/** A column of numbers that name micrographs, as cryoSPARC has them: one micrograph needs no name, several have none that we know. */
function uidColumn(names: readonly string[]): (row: TableRow) => string | null {
  const column = names.find((name) => name === 'uid' || name === 'micrograph_uid');
  let first: string | undefined;
  return (row) => {
    if (column === undefined) return null;
    first ??= row.text(column);
    if (row.text(column) === first) return null;
    throw new SyntaxError(
      `line ${row.number}: the column "${column}" names several micrographs by numbers only; a column "micrograph" with their names is needed`,
    );
  };
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
