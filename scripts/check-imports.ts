/**
 * The rule of docs/architecture.md, Layout: which folder may import from which. A folder that is not listed may import nothing, and no other
 * may import from it. Tests and their helpers may import anything. Usage: npx tsx scripts/check-imports.ts
 */

import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { globSync } from 'tinyglobby';

/** What nearly every folder may import from. */
const COMMON = ['core', 'imaging', 'evaluation'];
/** Folders below src, and what each may import from beside itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  formats: ['core'],
  imaging: ['core'],
  evaluation: ['core'],
  cluster: ['core'],
  network: COMMON,
  runtime: [...COMMON, 'formats'],
  simulation: COMMON,
  verification: COMMON,
  report: [...COMMON, 'formats'],
  picking: [...COMMON, 'network', 'runtime'],
  training: [...COMMON, 'picking', 'network', 'runtime'],
  storage: [...COMMON, 'training', 'picking', 'network', 'runtime', 'simulation', 'formats'],
  app: [
    ...[...COMMON, 'storage', 'report', 'verification', 'training', 'picking', 'network', 'runtime', 'simulation'],
    ...['cluster', 'formats'],
  ],
  server: [...COMMON, 'app', 'storage', 'report', 'verification', 'training', 'runtime', 'cluster', 'formats'],
  cli: [
    ...[...COMMON, 'server', 'app', 'cluster', 'storage', 'report', 'verification', 'training', 'picking', 'network'],
    ...['runtime', 'simulation', 'formats'],
  ],
};
/** The files of src that the page knows: the types of the server's interface, numbers with their nouns, regions. */
const PAGE_KNOWS: readonly string[] = ['src/server/api.ts', 'src/core/words.ts', 'src/core/regions.ts'];
/** The library lists what others have. */
const LIBRARY = 'src/index.ts';

const IMPORT = /(?:^|\n)\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Folder below src of a file, or `.` for one directly in it. */
function folderOf(file: string): string {
  const parts = file.split('/');
  return parts.length > 2 ? parts[1] : '.';
}

/** Why a file must not import something; null where it may. */
function objection(file: string, imported: string): string | null {
  if (file.startsWith('web/')) {
    const isForeign = imported.startsWith('src/')
      ? !PAGE_KNOWS.includes(imported)
      : /^(node:|onnxruntime|sharp$)/.test(imported);
    return isForeign ? `the page knows only ${PAGE_KNOWS.join(', ')}, and runs in a browser` : null;
  }
  if (!imported.startsWith('src/') || file === LIBRARY) return null;
  const [from, to] = [folderOf(file), folderOf(imported)];
  if (imported === LIBRARY) return 'the library is for others';
  if (from === to) return null;
  return ALLOWED[from]?.includes(to) ? null : `src/${from} must not know src/${to}`;
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const names = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]);
  const resolved = (name: string) => normalize(join(dirname(file), name)).replace(/\.js$/, '.ts');
  return names.map((name) => (name.startsWith('.') ? resolved(name) : name));
}

const files = globSync(['src/**/*.ts', 'web/src/**/*.{ts,tsx}']).filter(
  (file) => !/\.test\.ts$|\/testing\//.test(file),
);
const faults = files.flatMap((file) =>
  importsOf(file).flatMap((imported) => {
    const reason = objection(file, imported.replace(/\.tsx?$/, '.ts'));
    return reason ? [`${file} imports ${imported}: ${reason}`] : [];
  }),
);
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(`${files.length} files, ${faults.length} imports against docs/architecture.md, Layout\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
