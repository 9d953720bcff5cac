/** Coordinates and particles in RELION itself: skipped, with a printed reason, where RELION or mrcfile is not installed. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseStar } from '../src/formats/star.js';
import { openMrcStack } from '../src/storage/mrc-stack.js';

const work = mkdtempSync(join(tmpdir(), 'deepem-relion-'));
const at = (...names: string[]) => join(work, ...names);
const MAIN = resolve('dist/cli/main.js');
const BOX = 64;

const hasRelion = spawnSync('relion_preprocess', ['--version']).error === undefined;
const hasMrcfile = spawnSync('/usr/bin/python3', ['-c', 'import mrcfile']).status === 0;
if (!hasRelion) process.stderr.write('RELION tests are skipped: relion_preprocess is not installed (Debian: relion)\n');
if (!hasMrcfile) process.stderr.write('MRC tests are skipped: python3-mrcfile is not installed\n');

/** Runs the program in the RELION project. */
function deepem(...args: string[]): string {
  return execFileSync(process.execPath, [MAIN, ...args], {
    cwd: work,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Three rectangular micrographs as a RELION job has them; only the star file knows the pixel size. */
beforeAll(() => {
  const settings = ['--size', '640x512', '--particles', '30', '--body', 'barrel', '--snr', '0.5', '--pixel-size', '6'];
  deepem('simulate', '--out', 'made', '--micrographs', '3', '--seed', '4', ...settings);
  const folder = 'MotionCorr/job002/Micrographs';
  mkdirSync(at(folder), { recursive: true });
  const names = [1, 2, 3].map((i) => {
    const bytes = readFileSync(at('made', `sim_000${i}.mrc`));
    for (const offset of [40, 44, 48]) bytes.writeFloatLE(0, offset);
    writeFileSync(at(folder, `mic.${i}.mrc`), bytes);
    renameSync(at('made', `sim_000${i}.csv`), at('made', `mic.${i}.csv`));
    return `${folder}/mic.${i}.mrc`;
  });
  const rows = names.map((name, i) => `${name} ${1 + (i % 2)} ${10000 + i} ${9000 + i} ${30 + i}`).join('\n');
  writeFileSync(
    at('micrographs.star'),
    `
# version 30001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographOriginalPixelSize #3
_rlnVoltage #4
_rlnSphericalAberration #5
_rlnAmplitudeContrast #6
_rlnMicrographPixelSize #7
one 1 6 300 2.7 0.1 6
two 2 6 200 2.7 0.1 6

# version 30001

data_micrographs

loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_rlnDefocusU #3
_rlnDefocusV #4
_rlnDefocusAngle #5
${rows}

`,
  );
  deepem(
    'pick',
    'micrographs.star',
    '--blob',
    '--diameter',
    '300A',
    '--out',
    'picks',
    '--format',
    'star,particles-star,csv',
    '--edge',
    '40',
  );
});

/** RELION's own extraction with coordinate files of a folder; returns the average particle. */
async function extractByRelion(coordinates: string, ...more: string[]): Promise<Float32Array> {
  const args = ['--i', 'micrographs.star', '--coord_dir', `${coordinates}/`, '--coord_suffix', '_autopick.star'];
  const out = `Extract-${coordinates}`;
  const how = ['--extract', '--extract_size', String(BOX), '--norm', '--bg_radius', '24', '--invert_contrast', ...more];
  execFileSync(
    'relion_preprocess',
    [...args, '--part_star', `${out}/particles.star`, '--part_dir', `${out}/`, ...how],
    {
      cwd: work,
      stdio: 'ignore',
    },
  );
  return averageBelow(at(out));
}

/** Mean image of all stacks below a folder. */
async function averageBelow(folder: string): Promise<Float32Array> {
  const sum = new Float32Array(BOX * BOX);
  let count = 0;
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.mrcs'),
  )) {
    const stack = await openMrcStack(join(folder, file));
    for (let i = 0; i < stack.count; i++) {
      const { pixels } = await stack.read(i);
      for (let j = 0; j < sum.length; j++) sum[j] += pixels[j];
      count++;
    }
    await stack.close();
  }
  return sum.map((value) => value / count);
}

/** Where the average is white, above half its maximum: distance from the centre, pixel 32; and its contrast. */
function particleIn(average: Float32Array): { distance: number; contrast: number } {
  const top = Math.max(...average);
  let [weight, sumX, sumY] = [0, 0, 0];
  average.forEach((value, i) => {
    if (value < top / 2) return;
    weight += value;
    sumX += value * (i % BOX);
    sumY += value * Math.floor(i / BOX);
  });
  return { distance: Math.hypot(sumX / weight - BOX / 2, sumY / weight - BOX / 2), contrast: top };
}

function isCentred({ distance, contrast }: { distance: number; contrast: number }): boolean {
  return distance < 2 && contrast > 0.6;
}

describe.skipIf(!hasRelion)('RELION', () => {
  it('extracts particles from the picks, and their average is centred', async () => {
    const found = particleIn(await extractByRelion('picks'));
    expect(isCentred(found), JSON.stringify(found)).toBe(true);
    const { rows } = parseStar(readFileSync(at('Extract-picks', 'particles.star'), 'utf8'))[1];
    const picked = parseStar(readFileSync(at('picks', 'particles.star'), 'utf8'))[1].rows;
    expect(rows.length).toBe(picked.length);
    expect(rows.length).toBeGreaterThan(60);
  });

  it.each([
    ['rows counted from the last', ['--flip-y']],
    ['the corner for the centre', ['--shift', `${-BOX / 2},${-BOX / 2}`]],
  ])('would show %s', async (name, change) => {
    const folder = name.replaceAll(' ', '-');
    const how = [...change, '--micrographs', 'micrographs.star'];
    deepem('convert', 'picks/autopick.star', ...how, '--to', 'star', '--out', folder);
    const found = particleIn(await extractByRelion(folder));
    expect(isCentred(found), JSON.stringify(found)).toBe(false);
  });

  it('has the same images as deepem extract, where centres are whole pixels', async () => {
    const micrographs = ['--micrographs', 'micrographs.star'];
    deepem('convert', 'picks/autopick.star', ...micrographs, '--to', 'box', '--box', String(BOX), '--out', 'boxes');
    deepem('convert', 'boxes', ...micrographs, '--to', 'star', '--out', 'whole');
    const how = ['--box', String(BOX), '--invert', '--normalize', '--out', 'ours'];
    deepem('extract', 'whole/autopick.star', 'micrographs.star', ...how);
    await extractByRelion('whole', '--no_ramp');
    const file = 'Micrographs/mic.1.mrcs';
    const [ours, theirs] = [await openMrcStack(at('ours', file)), await openMrcStack(at('Extract-whole', file))];
    expect(ours.count).toBe(theirs.count);
    for (let i = 0; i < ours.count; i++) {
      const [a, b] = [(await ours.read(i)).pixels, (await theirs.read(i)).pixels];
      const largest = a.reduce((most, value, j) => Math.max(most, Math.abs(value - b[j])), 0);
      expect(largest).toBeLessThan(1e-3);
    }
  });

  it.each([
    ['picks/Micrographs/mic.1_autopick.star', '', 'rlnCoordinateX'],
    ['picks/autopick.star', 'coordinate_files', 'rlnMicrographCoordinates'],
    ['picks/particles.star', 'particles', 'rlnMicrographName'],
    ['picks/particles.star', 'optics', 'rlnVoltage'],
    ['extracted/particles.star', 'particles', 'rlnDefocusU'],
    ['extracted/particles.star', 'particles', 'rlnImageName'],
    ['extracted/particles.star', 'optics', 'rlnImagePixelSize'],
  ])('reads %s, block data_%s, %s', (file, block, label) => {
    if (file.startsWith('extracted')) {
      deepem(
        'extract',
        'picks/particles.star',
        'micrographs.star',
        '--box',
        '64',
        '--scale-to',
        '32',
        '--out',
        'extracted',
        '--overwrite',
      );
    }
    const printed = execFileSync('relion_star_printtable', [at(file), `data_${block}`, label], { encoding: 'utf8' });
    const expected = parseStar(readFileSync(at(file), 'utf8')).find(({ name }) => name === block);
    const column = expected?.labels.indexOf(label) ?? -1;
    expect(
      printed
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(expected?.rows.map((row) => row[column]));
  });
});

describe('micrographs.star', () => {
  it('gives names, folders and pixel sizes to pick and train', () => {
    const [optics, particles] = parseStar(readFileSync(at('picks', 'particles.star'), 'utf8'));
    expect(optics.rows.map((row) => row[optics.labels.indexOf('rlnMicrographPixelSize')])).toEqual([
      '6.000000',
      '6.000000',
    ]);
    expect(particles.rows[0]).toContain('MotionCorr/job002/Micrographs/mic.1.mrc');
    const args = ['--picks', 'made', '--diameter', '300A', '--recipe', 'deepem', '--epochs', '1', '-o', 'model.onnx'];
    deepem('train', 'micrographs.star', ...args);
    expect(JSON.parse(deepem('info', 'model.onnx', '--json')).pixelSize).toBe(6);
  });
});

describe.skipIf(!hasMrcfile)('mrcfile', () => {
  it('finds every MRC file valid', () => {
    deepem('extract', 'picks', 'micrographs.star', '--box', '64', '--out', 'full');
    deepem('extract', 'picks', 'micrographs.star', '--box', '64', '--scale-to', '48', '--float16', '--out', 'half');
    const files = ['full/Micrographs/mic.1.mrcs', 'half/Micrographs/mic.1.mrcs', 'made/sim_0001.mrc'].map((file) =>
      at(file),
    );
    const script = 'import mrcfile, sys; sys.exit(0 if all(mrcfile.validate(f) for f in sys.argv[1:]) else 1)';
    const run = spawnSync('/usr/bin/python3', ['-c', script, ...files], { encoding: 'utf8' });
    expect(run.status, run.stdout).toBe(0);
  });

  it('reads the same numbers', async () => {
    const file = at('half/Micrographs/mic.2.mrcs');
    const script =
      'import mrcfile, sys; d = mrcfile.read(sys.argv[1]); print(len(d), float(d[3][5][7]), float(d[-1][47][0]))';
    const [count, one, last] = execFileSync('/usr/bin/python3', ['-c', script, file], { encoding: 'utf8' })
      .split(' ')
      .map(Number);
    const stack = await openMrcStack(file);
    expect(stack.count).toBe(count);
    expect((await stack.read(3)).pixels[5 * 48 + 7]).toBe(one);
    expect((await stack.read(count - 1)).pixels[47 * 48]).toBe(last);
    await stack.close();
  });
});
