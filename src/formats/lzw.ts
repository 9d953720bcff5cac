/** TIFF's LZW (codes of 9 to 12 bits, high bits first), to a given length at the most. Source: TIFF 6.0, section 13. */

const [CLEAR, END, FIRST] = [256, 257, 258];
const LARGEST_TABLE = 4096;

/**
 * Unpacks bytes.
 *
 * @param most - bytes after which it stops, so that a small input cannot fill the memory
 * @throws Error at a code that no table has
 */
export function decodeLzw(packed: Uint8Array, most: number): Uint8Array {
  const out = new Uint8Array(most);
  // An entry is the text of an earlier code and one byte more.
  const prefix = new Uint16Array(LARGEST_TABLE);
  const suffix = new Uint8Array(LARGEST_TABLE);
  const length = new Uint16Array(LARGEST_TABLE);
  for (let i = 0; i < CLEAR; i++) [suffix[i], length[i]] = [i, 1];
  let [next, width, previous, written] = [FIRST, 9, -1, 0];
  let [bits, waiting] = [0, 0];
  const write = (code: number): number => {
    let at = code;
    for (let i = written + length[code] - 1; i >= written; i--) {
      if (i < most) out[i] = suffix[at];
      if (i > written) at = prefix[at];
    }
    written += length[code];
    return suffix[at];
  };
  for (const byte of packed) {
    bits = ((bits << 8) | byte) & 0xffffff;
    waiting += 8;
    if (waiting < width) continue;
    waiting -= width;
    const code = (bits >> waiting) & ((1 << width) - 1);
    if (code === END || written >= most) break;
    if (code === CLEAR) {
      [next, width, previous] = [FIRST, 9, -1];
      continue;
    }
    if (code > next || (code === next && previous < 0)) throw new Error(`LZW code ${code} before it was defined`);
    if (previous >= 0 && next < LARGEST_TABLE) {
      prefix[next] = previous;
      length[next] = length[previous] + 1;
      // The first byte of the new entry's last text is not known yet where the code is the entry itself.
      suffix[next] = firstOf(code === next ? previous : code, prefix, length, suffix);
      next++;
    }
    write(code);
    previous = code;
    if (next + 1 >= 1 << width && width < 12) width++;
  }
  return out.subarray(0, Math.min(written, most));
}

/** First byte of the text of a code. */
function firstOf(code: number, prefix: Uint16Array, length: Uint16Array, suffix: Uint8Array): number {
  let at = code;
  for (let left = length[code]; left > 1; left--) at = prefix[at];
  return suffix[at];
}
