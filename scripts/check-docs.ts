/**
 * Checks what README and docs name: links and anchors, commands with their options, npm scripts, benches, and files of the repository.
 * Usage: npx tsx scripts/check-docs.ts
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { globSync } from 'tinyglobby';
import { loadedCommands } from './loaded-commands.js';

const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('docs/*.md')];
const FOLDERS = /^(src|web|test|bench|scripts|experiments|docs|models)\//;
const faults: string[] = [];

/** The anchor of a heading, as GitHub and VitePress make it. */
function anchorOf(heading: string): string {
  return heading
    .replace(/`|\*|"|<[^>]*>/g, '')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

function anchorsIn(page: string): Set<string> {
  return new Set([...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading)));
}

function checkLinks(page: string, text: string): void {
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    if (!existsSync(file)) faults.push(`${page}: there is no ${target}`);
    else if (anchor !== undefined && file.endsWith('.md') && !anchorsIn(file).has(anchor))
      faults.push(`${page}: ${file} has no heading #${anchor}`);
  }
}

/** Commands with their options. */
async function optionsByCommand(): Promise<Map<string, Set<string>>> {
  const commands = await loadedCommands();
  return new Map(
    commands.map((command) => {
      const own = command.options.flatMap(({ long, short }) => [long, short].filter((one) => one !== undefined));
      return [command.name(), new Set([...own, '--help', '-h'])];
    }),
  );
}

/** Lines of code in which `deepem` is called, also those that go on in the next line. */
function callsIn(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block.replace(/\\\n\s*/g, ' '));
  const spans = [...text.matchAll(/`(deepem [^`]+)`/g)].map(([, span]) => span.replace(/\n/g, ' '));
  return [...blocks.flatMap((block) => block.split('\n')), ...spans];
}

function checkCalls(page: string, text: string, known: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const line of callsIn(text)) {
    for (const [, call] of line.replace(/ #.*$/, '').matchAll(/(?:^|[\s&|;])deepem (.*?)(?=&&|\||;|$)/g)) {
      const [name, ...words] = call.trim().split(/\s+/);
      if (/^(--version|--help|[A-Z]+)$/.test(name)) continue;
      const options = known.get(name);
      if (!options) faults.push(`${page}: there is no command "deepem ${name}"`);
      for (const word of words.filter((one) => /^--[a-z]/.test(one)))
        if (options && !options.has(word.split('=')[0])) faults.push(`${page}: deepem ${name} has no option ${word}`);
    }
  }
}

function checkNames(page: string, text: string): void {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const [, name] of text.matchAll(/`npm run ([a-z:]+)/g))
    if (!(name in scripts)) faults.push(`${page}: there is no script "${name}" in package.json`);
  for (const [, name] of text.matchAll(/npm run bench -- ([a-z-]+)/g))
    if (!existsSync(`bench/${name}.ts`)) faults.push(`${page}: there is no bench "${name}"`);
  for (const [, path] of text.matchAll(/`([\w./-]+\.(?:ts|tsx|py|sh|json|jsonl|onnx|md))`/g))
    if (FOLDERS.test(path) && !path.includes('NAME') && !existsSync(path)) faults.push(`${page}: there is no ${path}`);
}

const known = await optionsByCommand();
for (const page of PAGES.filter((one) => existsSync(one))) {
  const text = readFileSync(page, 'utf8');
  checkLinks(page, text);
  checkCalls(page, text, known);
  checkNames(page, text);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(`${PAGES.length} pages, ${faults.length} wrong names or links\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
