/** Text inside SVG. */

/** Text with the characters escaped that XML gives a meaning. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
