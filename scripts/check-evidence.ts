/**
 * Checks the figures of README and docs against the raw files. A figure that is checked stands between comments:
 * `<!--=general.json results[set=KLH].unseen.averagePrecision 3-->0.839<!--/-->`: a file in docs/results, a path in it (several rows that fit are
 * averaged), and how many decimals are shown (`%` behind them: as a percentage).
 * Usage: npx tsx scripts/check-evidence.ts [--write]
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';

const FIGURE = /<!--=(\S+) (.+?) (\d)(%?)-->(.*?)<!--\/-->/g;

/** What a path leads to: more than one value where a selector fits several rows. */
function valuesAt(data: unknown, path: string): unknown[] {
  let values: unknown[] = [data];
  for (const [, key, selector] of path.matchAll(/([\w-]+)|\[([^\]]+)\]/g)) {
    if (key !== undefined) values = values.map((value) => (value as Record<string, unknown>)?.[key]);
    else {
      const wanted = [...selector.matchAll(/(\w+)=([^=]*?)(?=;|$)/g)].map(([, name, value]) => [name, value]);
      const fits = (row: Record<string, unknown>) => wanted.every(([name, value]) => String(row[name]) === value);
      values = values.flatMap((value) => (value as Record<string, unknown>[]).filter(fits));
    }
  }
  return values;
}

function figure(file: string, path: string, digits: string, percent: string): string {
  const data = JSON.parse(readFileSync(`docs/results/${file}`, 'utf8'));
  const values = valuesAt(data, path).map(Number);
  if (values.length === 0 || !values.every(Number.isFinite)) throw new Error(`${file} has no number at ${path}`);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return percent === '' ? mean.toFixed(Number(digits)) : `${(100 * mean).toFixed(Number(digits))} %`;
}

let [checked, wrong] = [0, 0];
for (const page of ['README.md', ...globSync('docs/*.md')]) {
  const text = readFileSync(page, 'utf8');
  const right = text.replace(FIGURE, (whole, file, path, digits, percent, shown) => {
    checked++;
    const value = figure(file, path, digits, percent);
    if (value === shown) return whole;
    wrong++;
    process.stderr.write(`${page}: ${shown} is ${value} in ${file} at ${path}\n`);
    return whole.replace(`-->${shown}<!--`, `-->${value}<!--`);
  });
  if (process.argv.includes('--write')) writeFileSync(page, right);
}
process.stdout.write(`${checked} figures checked, ${wrong} differ\n`);
process.exitCode = wrong > 0 && !process.argv.includes('--write') ? 1 : 0;
