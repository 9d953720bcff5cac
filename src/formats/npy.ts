/**
 * NumPy's `.npy` with a one-dimensional structured array: bytes to columns.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */

/** A column: `width` numbers or one text a row. */
export type NpyColumn =
  | { readonly kind: 'numbers'; readonly width: number; value(row: number, item?: number): number }
  | { readonly kind: 'text'; value(row: number): string };

/** Rows and columns by name. */
export interface NpyTable {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, NpyColumn>;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const FIELD = /\(\s*'((?:[^'\\]|\\.)*)'\s*,\s*'([<>|=])([a-zA-Z])(\d+)'\s*(?:,\s*\(\s*([\d,\s]*)\)\s*)?\)/g;

type Getter = (view: DataView, offset: number, little: boolean) => number;
/** Readers of numbers by NumPy's kind and size. */
const NUMBERS: Readonly<Record<string, Getter>> = {
  b1: (view, offset) => view.getUint8(offset),
  i1: (view, offset) => view.getInt8(offset),
  i2: (view, offset, little) => view.getInt16(offset, little),
  i4: (view, offset, little) => view.getInt32(offset, little),
  i8: (view, offset, little) => Number(view.getBigInt64(offset, little)),
  u1: (view, offset) => view.getUint8(offset),
  u2: (view, offset, little) => view.getUint16(offset, little),
  u4: (view, offset, little) => view.getUint32(offset, little),
  u8: (view, offset, little) => Number(view.getBigUint64(offset, little)),
  f4: (view, offset, little) => view.getFloat32(offset, little),
  f8: (view, offset, little) => view.getFloat64(offset, little),
};

/**
 * Reads a structured array.
 *
 * @throws SyntaxError for anything else, and for arrays that are cut short or hold Python objects
 */
export function readNpyTable(bytes: Uint8Array): NpyTable {
  if (MAGIC.some((byte, i) => bytes[i] !== byte) || bytes.length < 12) throw new SyntaxError('this is no .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const long = bytes[6] > 1;
  const start = long ? 12 : 10;
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  if (start + length > bytes.length) throw new SyntaxError('the file ends within its header');
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const shape = /'shape'\s*:\s*\(\s*(\d+)\s*,?\s*\)/.exec(header);
  const fields = fieldsOf(header);
  const descr = /'descr'\s*:\s*\[(.*)\]\s*,\s*'fortran_order'/s.exec(header)?.[1] ?? '';
  const unread = descr.replace(FIELD, '').replace(/[\s,]/g, '');
  if (unread !== '') throw new SyntaxError(`the field ${unread.slice(0, 60)} has a type that is not read`);
  if (!shape || fields.length === 0) {
    throw new SyntaxError(`the header is "${header.slice(0, 80)}"; a list of named records is needed`);
  }
  const rows = Number(shape[1]);
  const size = fields.reduce((sum, field) => sum + field.bytes * field.width, 0);
  const data = start + length;
  if (data + rows * size > bytes.length) {
    throw new SyntaxError(`${bytes.length} bytes do not hold ${rows} records of ${size} bytes; the file is truncated`);
  }
  let offset = data;
  const columns = new Map<string, NpyColumn>();
  for (const field of fields) {
    columns.set(field.name, columnOf(view, field, offset, size));
    offset += field.bytes * field.width;
  }
  return { rows, columns };
}

/** A field of the records. */
interface Field {
  readonly name: string;
  readonly kind: string;
  readonly little: boolean;
  readonly bytes: number;
  readonly width: number;
}

function fieldsOf(header: string): Field[] {
  return [...header.matchAll(FIELD)].map(([, name, order, kind, size, shape]) => {
    const sides = (shape ?? '').split(',').filter((side) => side.trim() !== '');
    return {
      ...{ name, kind, little: order !== '>' },
      bytes: kind === 'U' ? 4 * Number(size) : Number(size),
      width: sides.reduce((product, side) => product * Number(side), 1),
    };
  });
}

function columnOf(view: DataView, field: Field, first: number, size: number): NpyColumn {
  const { name, kind, bytes, width, little } = field;
  const at = (row: number, item = 0) => first + row * size + item * bytes;
  if (kind === 'S') {
    const text = new TextDecoder();
    return {
      kind: 'text',
      value: (row) => text.decode(new Uint8Array(view.buffer, view.byteOffset + at(row), bytes)).replace(/\0+$/, ''),
    };
  }
  if (kind === 'U') {
    const points = (row: number) =>
      Array.from({ length: bytes / 4 }, (_, i) => view.getUint32(at(row) + 4 * i, little)).filter((point) => point > 0);
    return {
      kind: 'text',
      value: (row) =>
        points(row)
          .map((point) => (point <= 0x10ffff ? String.fromCodePoint(point) : '\uFFFD'))
          .join(''),
    };
  }
  const read = NUMBERS[`${kind}${bytes}`];
  if (!read) throw new SyntaxError(`the field "${name}" has the type ${kind}${bytes}, which is not read`);
  return { kind: 'numbers', width, value: (row, item = 0) => read(view, at(row, item), little) };
}
