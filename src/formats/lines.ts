/** Text in lines, from bytes that come in pieces: a file may be longer than a string can be. */

/** Bytes that are decoded at a time. */
const PIECE = 1 << 20;

/** Takes the bytes of a text and gives its lines, without their ends; a byte order mark is left out. */
export interface LineSplitter {
  push(bytes: Uint8Array): void;
  /** To be called once all bytes have been pushed. */
  end(): void;
}

/**
 * Splits text at LF, CR LF or CR.
 *
 * @param onLine - gets each line and its number from 1
 */
export function splitLines(onLine: (line: string, number: number) => void): LineSplitter {
  const decoder = new TextDecoder();
  let rest = '';
  let number = 0;
  const take = (text: string, last: boolean) => {
    const lines = (rest + text).split(/\r\n|\n|\r/);
    // A CR at the end may be the first half of a CR LF.
    const open = !last && (rest + text).endsWith('\r');
    rest = lines.pop() ?? '';
    if (open) rest = `${lines.pop() ?? ''}\r`;
    for (const line of lines) onLine(line, ++number);
  };
  return {
    push(bytes) {
      for (let start = 0; start < bytes.length; start += PIECE) {
        take(decoder.decode(bytes.subarray(start, start + PIECE), { stream: true }), false);
      }
    },
    end() {
      take(decoder.decode(), true);
      if (rest !== '') onLine(rest, ++number);
      rest = '';
    },
  };
}

/** Gives each line of a text in memory. */
export function eachLine(text: string | Uint8Array, onLine: (line: string, number: number) => void): void {
  const splitter = splitLines(onLine);
  splitter.push(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  splitter.end();
}
