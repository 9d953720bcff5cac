/** What benches have in common: their part of docs/results.md, and how long they may go on. */

import { readFileSync, writeFileSync } from 'node:fs';

const PAGE = 'docs/results.md';

/** Writes the part of docs/results.md between `<!-- name -->` and `<!-- end name -->`, and prints it. */
export function writeSection(name: string, text: string): void {
  const section = new RegExp(`(<!-- ${name} -->)[\\s\\S]*(<!-- end ${name} -->)`);
  process.stdout.write(`${text}\n`);
  const page = readFileSync(PAGE, 'utf8');
  if (!section.test(page)) throw new Error(`${PAGE} has no place for ${name}`);
  writeFileSync(PAGE, page.replace(section, `$1\n${text}\n$2`));
}

/** False once the minutes after `--minutes` are over; always true without them. */
export function startTime(): () => boolean {
  const [begun, at] = [performance.now(), process.argv.indexOf('--minutes')];
  const minutes = at < 0 ? Number.POSITIVE_INFINITY : Number(process.argv[at + 1]);
  return () => performance.now() - begun <= 60_000 * minutes;
}
