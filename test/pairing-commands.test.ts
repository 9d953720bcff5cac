/** Trees of folders with repeated names: no command and not the page ever gives coordinates to another micrograph than their own. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { random } from '../src/core/random.js';
import { writeMrc } from '../src/formats/mrc.js';
import { parseStar } from '../src/formats/star.js';
import { openLabels } from '../src/server/labels.js';
import { openProject } from '../src/server/project.js';
import { testFolder } from '../src/testing/folder.js';
import { noiseImage } from '../src/testing/helpers.js';
import { deepem } from './command-line.js';
import { quickTraining } from './quick.js';

const { at } = testFolder();
const QUICK = quickTraining();
const SIDE = 96;
const NAMES = ['mic', 'mic_1', '123456789012345_mic', '543210987654321_mic', 'x'];
const FOLDERS = ['', 'g1', 'g2', 'g1/deep', 'g2/deep', 'other/g1'];
const SUFFIXES = ['', '_manualpick', '_picks'];
/** Ends with a refusal that names what is ambiguous, which is as good as a right pair. */
const REFUSED = /could belong to|More than one coordinate file|No [\w ]+ belong to any/;

/** A micrograph of a tree; its labels are at places of its own, as many as its number says. */
interface Leaf {
  readonly id: string;
  readonly labels: readonly { x: number; y: number }[];
  readonly file: string | null;
}

/** Writes a tree of micrographs, and one of labels for some of them. */
function plant(seed: number): Leaf[] {
  const source = random(seed);
  const one = <T>(items: readonly T[]): T => items[Math.floor(source.uniform() * items.length)];
  const ids = new Set(
    Array.from({ length: 3 + Math.floor(source.uniform() * 6) }, () => join(one(FOLDERS), one(NAMES))),
  );
  const above = one(['', 'job007']);
  return [...ids].map((id, i) => {
    write('micrographs', `${id}.mrc`, writeMrc(noiseImage(SIDE, SIDE, seed + i), 2, ''));
    const labels = Array.from({ length: i + 2 }, (_, j) => ({ x: 20 + 6 * i, y: 20 + 5 * j }));
    const file = source.uniform() < 0.7 ? join(above, `${id}${one(SUFFIXES)}.csv`) : null;
    if (file) write('labels', file, `x,y\n${labels.map(({ x, y }) => `${x},${y}\n`).join('')}`);
    return { id, labels, file };
  });
}

function write(top: string, name: string, data: string | Uint8Array): void {
  mkdirSync(dirname(at(top, name)), { recursive: true });
  writeFileSync(at(top, name), data);
}

/** The micrograph whose labels these are: their x says it. */
function ownerOf(leaves: readonly Leaf[], points: readonly { x: number; y: number }[]): string {
  return leaves.find(({ labels }) => Math.abs(labels[0].x - points[0].x) < 0.5)?.id ?? '';
}

/** Points of a csv. */
function pointsIn(file: string): { x: number; y: number }[] {
  const rows = readFileSync(file, 'utf8').split('\n').slice(1).filter(Boolean);
  return rows.map((row) => row.split(',').map(Number)).map(([x, y]) => ({ x, y }));
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith(ending) && !name.startsWith('.'),
  );
}

const seeds = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const labelled = (leaves: readonly Leaf[]) => leaves.some(({ file }) => file !== null);

/** Trees that were not refused: a rule that refuses everything would pass, too. */
let paired = 0;

describe('coordinates in random trees go to their own micrographs', () => {
  it.each(seeds(12))('convert, evaluate and extract, tree %i', (seed) => {
    const leaves = plant(seed);
    if (!labelled(leaves)) return;
    const [micrographs, labels] = [at('micrographs'), at('labels')];
    const converted = deepem('convert', labels, '--micrographs', micrographs, '--to', 'csv', '--out', at('converted'));
    if (converted.code === 1) expect(converted.stderr).toMatch(REFUSED);
    else {
      paired++;
      for (const file of filesBelow(at('converted'), '.csv')) {
        expect(file.replace('.csv', '')).toBe(ownerOf(leaves, pointsIn(at('converted', file))));
      }
    }
    const extracted = deepem('extract', labels, micrographs, '--box', '8', '--out', at('extracted'));
    if (extracted.code === 1) expect(extracted.stderr).toMatch(REFUSED);
    else {
      const star = parseStar(readFileSync(at('extracted', 'particles.star'), 'utf8')).find(
        ({ name }) => name === 'particles',
      );
      for (const [image, micrograph, x, y] of star?.rows ?? []) {
        const owner = ownerOf(leaves, [{ x: Number(x), y: Number(y) }]);
        expect([micrograph, image]).toEqual([
          at('micrographs', `${owner}.mrc`),
          expect.stringContaining(`${owner}.mrcs`),
        ]);
      }
    }
    const args = ['evaluate', '--picks', labels, '--truth', labels, '--radius', '2px', '--json'];
    for (const more of [[], ['--micrographs', micrographs]]) {
      const judged = deepem(...args, ...more);
      if (judged.code === 1) expect(judged.stderr).toMatch(REFUSED);
      else expect(JSON.parse(judged.stdout).averagePrecision).toBe(1);
    }
  });

  it('most trees are paired, not refused', () => {
    expect(paired).toBeGreaterThan(6);
  });

  it.each(seeds(6))('classes and preview, tree %i', (seed) => {
    const leaves = plant(300 + seed);
    if (!labelled(leaves)) return;
    const [micrographs, labels] = [at('micrographs'), at('labels')];
    const how = ['--diameter', '8px', '--classes', '1', '--side', '16'];
    const classes = deepem('classes', labels, micrographs, ...how, '-o', at('classes.mrcs'));
    if (classes.code === 1) expect(classes.stderr).toMatch(REFUSED);
    else {
      const [, ...rows] = readFileSync(at('classes.csv'), 'utf8').trim().split('\n');
      for (const [micrograph, x, y] of rows.map((row) => row.split(','))) {
        const owner = ownerOf(leaves, [{ x: Number(x), y: Number(y) }]);
        expect(JSON.parse(micrograph)).toBe(at('micrographs', `${owner}.mrc`));
      }
    }
    for (const { id, labels: own } of leaves.slice(0, 3)) {
      const { stderr } = deepem('preview', at('micrographs', `${id}.mrc`), '--picks', labels, '-o', at(`${id}.png`));
      // Each micrograph has its own number of labels.
      const drawn = Number(stderr.match(/^(\d+) picks/m)?.[1] ?? 0);
      // One micrograph alone cannot tell that picks are another's: then it says by which rule they were found.
      if (drawn === 0) expect(stderr).toMatch(/no coordinates below|could belong|^0 picks/m);
      else if (drawn !== own.length) expect(stderr).toMatch(/^picks matched 1 by .*\n\d+ picks of .*\.csv/m);
    }
  });

  it.each(seeds(3))('train and retrain, tree %i', (seed) => {
    const leaves = plant(100 + seed);
    const training = ['--diameter', '12px', '--epochs', '1', '--labels', 'complete', '--threads', '1', ...QUICK];
    const paths = [at('micrographs'), '--picks', at('labels'), '--negatives', at('labels')];
    const trained = deepem('train', ...paths, ...training, '-o', at('m.onnx'));
    const records: string[] = [];
    if (trained.code === 1) expect(trained.stderr).toMatch(REFUSED);
    else {
      records.push(at('m.training.json'));
      const again = deepem('retrain', at('m.onnx'), at('micrographs'), '--accepted', at('labels'), '-o', at('n.onnx'));
      if (again.code === 1) expect(again.stderr).toMatch(REFUSED);
      else records.push(at('n.training.json'));
    }
    for (const record of records) {
      for (const { path, particles } of JSON.parse(readFileSync(record, 'utf8')).micrographs) {
        if (particles.length > 0) expect(path).toBe(at('micrographs', `${ownerOf(leaves, particles)}.mrc`));
      }
    }
  });

  it.each(seeds(12))('the page, started twice, tree %i', async (seed) => {
    const leaves = plant(200 + seed);
    const before = filesBelow(at(), '.csv').map((file) => [file, readFileSync(at(file), 'utf8')]);
    for (let start = 0; start < 2; start++) {
      const project = await openProject(at(), []);
      const store = await openLabels(project);
      for (const { id } of leaves) {
        const { particles } = await store.of(join('micrographs', id));
        if (particles.length > 0) expect(ownerOf(leaves, particles)).toBe(id);
      }
      const taken = new Set(leaves.map(({ id }) => join('labels', 'micrographs', `${id}.csv`)));
      for (const [file, text] of before) if (!taken.has(file)) expect(readFileSync(at(file), 'utf8')).toBe(text);
    }
  });
});
