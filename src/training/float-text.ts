/** Numbers of a network as text, to the last bit: base64 of little-endian 32-bit floats. */

/** Text of some numbers. */
export function floatsToText(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

/** Numbers of a text. */
export function textToFloats(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer, 0, bytes.length >> 2);
}
