/**
 * Makes docs/reference.md from the commands themselves. Usage: npx tsx scripts/reference.ts [--check]
 * With --check nothing is written: the exit code says whether the page is up to date.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { loadedCommands } from './loaded-commands.js';

const PAGE = 'docs/reference.md';

const INTRODUCTION = `# Reference: commands

\`npx tsx scripts/reference.ts\` makes this page from the program. \`deepem COMMAND --help\` prints the same.
Lengths have a unit: \`190A\` or \`108px\`. Other pages: [file formats](formats.md), [running a model in Python](python.md), [the cluster](cluster.md),
[graphics cards](gpu.md), [the page](serve.md).

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed: one sentence on stderr says why |
| 2 | wrong usage |
| 3 | done, but some files could not be used: they are listed |
| 130, 143 | interrupted by Ctrl-C, or by a scheduler: the same command goes on |
`;

/** Text in a cell of a table; paths of this machine become links. */
function cell(text: string): string {
  return text
    .replace(/[^\s(]*\/docs\/([a-z-]+)\.md/g, '[$1]($1.md)')
    .replaceAll('|', '\\|')
    .replace(/</g, '&lt;')
    .replaceAll('\n', ' ');
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

/** Help texts that stand behind the options. */
function textAfter(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (some) => (text += some) });
  command.outputHelp();
  const options = command.createHelp().formatHelp(command, command.createHelp());
  return text
    .slice(text.indexOf(options) + options.length)
    .replace(/[^\s(]*\/docs\/([a-z-]+)\.md/g, 'docs/$1.md')
    .trim();
}

function describe(command: Command): string {
  const summary = command.description();
  const help = command.createHelp();
  const rows = [
    ...command.registeredArguments.map((argument) => [
      code(help.argumentTerm(argument)),
      cell(help.argumentDescription(argument)),
    ]),
    ...help
      .visibleOptions(command)
      .filter((option) => option.long !== '--help')
      .map((option) => [
        code(help.optionTerm(option)),
        cell(`${option.mandatory ? '**needed**; ' : ''}${help.optionDescription(option)}`),
      ]),
  ];
  const table = rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
  const more = textAfter(command);
  return [
    `## deepem ${command.name()}`,
    `${summary[0].toUpperCase()}${summary.slice(1)}.`,
    rows.length > 0 ? `| option | meaning |\n|---|---|\n${table}` : '',
    more === '' ? '' : `\`\`\`text\n${more}\n\`\`\``,
  ]
    .filter(Boolean)
    .join('\n\n');
}

const sections = (await loadedCommands()).map(describe);
const text = `${INTRODUCTION}\n${sections.join('\n\n')}\n`;
if (process.argv.includes('--check')) {
  const isCurrent = readFileSync(PAGE, 'utf8') === text;
  if (!isCurrent) process.stderr.write(`${PAGE} is not what the program says: npx tsx scripts/reference.ts\n`);
  process.exitCode = isCurrent ? 0 : 1;
} else writeFileSync(PAGE, text);
