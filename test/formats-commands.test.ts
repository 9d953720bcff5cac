/** Coordinates, stacks and checks by the command line: convert, extract, doctor, inspect, validate, preview. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { openMrcStack } from '../src/storage/mrc-stack.js';
import { deepem } from './command-line.js';

const work = mkdtempSync(join(tmpdir(), 'deepem-formats-'));
const at = (...names: string[]) => join(work, ...names);
const made = at('made');

/** Lines of a csv without its header: rows of numbers. */
function centres(...file: string[]): number[][] {
  const [, ...rows] = readFileSync(at(...file), 'utf8')
    .trim()
    .split('\n');
  return rows.map((row) => row.split(',').slice(0, 2).map(Number));
}

/** Two rectangular micrographs in two folders, of equal names. */
beforeAll(() => {
  const settings = ['--size', '640x480', '--particles', '40', '--body', 'barrel', '--snr', '0.5'];
  for (const folder of ['one', 'two']) {
    const run = deepem(
      'simulate',
      '--out',
      join(made, folder),
      '--micrographs',
      '1',
      '--seed',
      folder === 'one' ? '4' : '5',
      ...settings,
    );
    expect(run.code, run.stderr).toBe(0);
  }
});

describe('convert', () => {
  const everything = 'star,particles-star,cbox,eman-json,box,csv';

  it('writes every format, keeps folders of equal names apart, and reads each back', () => {
    const run = deepem('convert', made, '--micrographs', made, '--to', everything, '--box', '64', '--out', at('all'));
    expect(run.code, run.stderr).toBe(0);
    expect(readdirSync(at('all')).sort()).toEqual(['autopick.star', 'one', 'particles.star', 'two']);
    expect(readdirSync(at('all', 'one')).sort()).toEqual([
      'info',
      'sim_0001.box',
      'sim_0001.cbox',
      'sim_0001.csv',
      'sim_0001.provenance.json',
      'sim_0001_autopick.star',
    ]);
    const truth = centres('made', 'one', 'sim_0001.csv');
    for (const [i, source] of [
      'all/autopick.star',
      'all/particles.star',
      'all/one/sim_0001.cbox',
      'all/one/info',
      'all/one',
    ].entries()) {
      const back = deepem('convert', at(source), '--to', 'csv', '--out', at(`back${i}`));
      expect(back.code, `${source}: ${back.stdout}${back.stderr}`).toBe(0);
      const file = existsSync(at(`back${i}`, 'one')) ? ['one', 'sim_0001.csv'] : ['sim_0001.csv'];
      const found = centres(`back${i}`, ...file);
      expect(found).toHaveLength(truth.length);
      found.forEach(([x, y], j) => {
        expect(Math.hypot(x - truth[j][0], y - truth[j][1])).toBeLessThan(2e-3);
      });
    }
  });

  it('gives a particle list the pixel size of --pixel-size', () => {
    const args = ['convert', join(made, 'one'), '--to', 'particles-star', '--pixel-size', '1.25', '--out', at('sized')];
    expect(deepem(...args).stderr).not.toMatch(/no pixel size/);
    expect(readFileSync(at('sized', 'particles.star'), 'utf8')).toMatch(/^opticsGroup1\s+1\s+1\.250000/m);
  });

  it('refuses Topaz, which names micrographs without folders, for equal names', () => {
    const run = deepem('convert', made, '--to', 'topaz', '--out', at('tz'));
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/topaz names micrographs without their folders.*one\/sim_0001 and two\/sim_0001/);
    expect(deepem('convert', join(made, 'one'), '--to', 'topaz', '--out', at('tz')).code).toBe(0);
    expect(deepem('convert', at('tz', 'topaz.txt'), '--to', 'csv', '--out', at('tz-back')).code).toBe(0);
    expect(centres('tz-back', 'sim_0001.csv')).toHaveLength(centres('made', 'one', 'sim_0001.csv').length);
  });

  it('writes empty boxes for no picks, and goes on after a file of a list that is gone', () => {
    mkdirSync(at('zero'));
    writeFileSync(at('zero', 'a.box'), '');
    writeFileSync(at('zero', 'b.box'), '1 2 4 4\n');
    const run = deepem('convert', at('zero'), '--to', 'cbox,star', '--out', at('zero-out'));
    expect(run.stdout).toMatch(/1 particle of 2 micrographs/);
    rmSync(at('zero-out', 'b_autopick.star'));
    const list = deepem('convert', at('zero-out', 'autopick.star'), '--to', 'csv', '--out', at('zero-csv'));
    expect(list.code).toBe(3);
    expect(list.stdout).toMatch(/0 particles of 1 micrograph,[\s\S]*b_autopick.star/);
  });

  it('gives one micrograph to one set only, and names sets whose micrograph is not given', () => {
    const run = deepem('convert', made, '--micrographs', join(made, 'one'), '--to', 'csv', '--out', at('mapped'));
    expect(run.code).toBe(3);
    expect(run.stdout).toMatch(
      /could not be converted: 1 file\n.*two.sim_0001.csv: its micrograph is not below .*one, or other coordinates belong to it/,
    );
  });

  it('flips, scales, shifts and swaps, in full-size pixels of the micrograph', () => {
    const [x, y] = centres('made', 'one', 'sim_0001.csv')[0];
    const first = (out: string, ...args: string[]) => {
      const run = deepem('convert', join(made, 'one'), '--to', 'csv', '--out', at(out), ...args);
      expect(run.code, run.stderr).toBe(0);
      return centres(out, 'sim_0001.csv')[0];
    };
    const close = (found: number[], expected: number[]) => {
      for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 2);
    };
    close(first('flipped', '--flip-y', '--flip-x', '--micrographs', join(made, 'one')), [639 - x, 479 - y]);
    close(first('scaled', '--scale', '0.5', '--shift', '3,-4'), [x / 2 + 3, y / 2 - 4]);
    close(first('swapped', '--swap'), [y, x]);
  });

  it('reads CryoPPP by name only, and writes it', () => {
    const one = join(made, 'one');
    deepem('convert', one, '--to', 'cryoppp', '--box', '50', '--micrographs', one, '--out', at('ppp'));
    const guessed = deepem('convert', at('ppp'), '--to', 'csv', '--out', at('no'));
    expect(guessed.code).toBe(3);
    expect(guessed.stdout).toMatch(/looks like CryoPPP.*--from cryoppp/);
    const back = deepem(
      'convert',
      at('ppp'),
      '--from',
      'cryoppp',
      '--micrographs',
      one,
      '--to',
      'csv',
      '--out',
      at('ppp-back'),
    );
    expect(back.code, back.stderr).toBe(0);
    expect(centres('ppp-back', 'sim_0001.csv')[0][1]).toBeCloseTo(centres('made', 'one', 'sim_0001.csv')[0][1], 2);
  });

  it('merges into an EMAN2 file, and keeps a threshold and the provenance', () => {
    mkdirSync(at('eman', 'info'), { recursive: true });
    writeFileSync(at('eman', 'info', 'sim_0001_info.json'), '{"quality": 7, "boxes": [[1, 2, "manual"]]}');
    writeFileSync(at('scored.csv'), 'x,y,score\n10,20,0.9\n30,40,0.1\n50,60\n'.replace('50,60\n', '50,60,nan\n'));
    mkdirSync(at('scored'));
    writeFileSync(at('scored', 'sim_0001.csv'), readFileSync(at('scored.csv')));
    const run = deepem('convert', at('scored'), '--threshold', '0.5', '--to', 'eman-json', '--out', at('eman'));
    expect(run.stdout).toMatch(/2 are left out by --threshold/);
    const info = JSON.parse(readFileSync(at('eman', 'info', 'sim_0001_info.json'), 'utf8'));
    expect(info).toEqual({
      quality: 7,
      boxes: [
        [1, 2, 'manual'],
        [10, 20, 'auto_convnet', 0.9],
      ],
    });
    const provenance = JSON.parse(readFileSync(at('eman', 'sim_0001.provenance.json'), 'utf8'));
    expect(provenance.convertedFrom).toBe(at('scored', 'sim_0001.csv'));
  });

  it.each([
    [['--to', 'box'], 2, /has boxes.*--box/],
    [['--to', 'csv', '--flip-y'], 2, /needs the size.*--micrographs/],
    [['--to', 'cs'], 2, /"cs".*csv, star/],
    [['--to', 'csv', '--shift', '3'], 2, /--shift.*two numbers/],
  ])('%j ends with code %i and says why', (args, code, message) => {
    const run = deepem('convert', join(made, 'one'), '--out', at('refused'), ...args);
    expect(run.stderr).toMatch(message);
    expect(run.code).toBe(code);
  });

  it('never writes over what it reads', () => {
    const run = deepem('convert', join(made, 'one'), '--to', 'csv', '--out', join(made, 'one'));
    expect(run.stderr).toMatch(/among the old ones/);
  });
});

describe('extract', () => {
  it('drops or pads boxes at the edge and counts them; centres outside are left out', async () => {
    mkdirSync(at('edge'));
    writeFileSync(at('edge', 'sim_0001.csv'), 'x,y\n320,240\n5,5\n-50,9\n');
    const args = [at('edge'), join(made, 'one'), '--box', '64'];
    const dropped = deepem('extract', ...args, '--out', at('dropped'));
    expect(dropped.stdout).toMatch(
      /1 particle of 1.*\nboxes that reach beyond the edge: 1, left out\ncentres outside the micrograph: 1/,
    );
    const padded = deepem('extract', ...args, '--edge', 'pad', '--scale-to', '32', '--out', at('padded'));
    expect(padded.stdout).toMatch(/2 particles of 1.*\nboxes that reach beyond the edge: 1, filled/);
    const stack = await openMrcStack(at('padded', 'sim_0001.mrcs'));
    expect([stack.count, stack.width, stack.pixelSize]).toEqual([2, 32, 12]);
    await stack.close();
  });

  it('carries optics and defocus over from --ctf, and names a micrograph that is not in it', () => {
    const star = (
      name: string,
    ) => `data_optics\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n_rlnMicrographPixelSize #3\n1 300 6\n
data_micrographs\nloop_\n_rlnMicrographName #1\n_rlnOpticsGroup #2\n_rlnDefocusU #3\n${name} 1 12345\n`;
    writeFileSync(at('ctf.star'), star('job/sim_0001.mrc'));
    const args = ['extract', at('edge'), join(made, 'one'), '--box', '64', '--out', at('ctf')];
    expect(deepem(...args, '--ctf', at('ctf.star')).code).toBe(0);
    expect(readFileSync(at('ctf', 'particles.star'), 'utf8')).toMatch(/rlnDefocusU[\s\S]*job\/sim_0001.mrc.*12345/);
    writeFileSync(at('other.star'), star('other.mrc'));
    const run = deepem(...args, '--ctf', at('other.star'), '--overwrite');
    expect(run.code).toBe(3);
    expect(run.stdout).toMatch(/sim_0001.mrc is not listed/);
  });

  it('never writes beside micrographs, nor cuts one by the picks of another', () => {
    const beside = deepem('extract', at('edge'), join(made, 'one'), '--box', '64', '--out', join(made, 'one'));
    expect(beside.code).toBe(2);
    expect(beside.stderr).toMatch(/stand beside the micrographs/);
    const shared = deepem('extract', at('edge'), made, '--box', '64', '--out', at('no'));
    expect(shared.stderr).toMatch(/edge.sim_0001.csv could belong to 2 micrographs.*one.sim_0001/);
  });

  it('takes the defocus of the micrograph in the same folder', () => {
    const rows = ['one', 'two'].map((folder, i) => `${folder}/sim_0001.mrc ${1000 + i}`).join('\n');
    writeFileSync(at('both.star'), `data_\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\n${rows}\n`);
    const run = deepem(
      'extract',
      made,
      made,
      '--box',
      '64',
      '--out',
      at('both'),
      '--ctf',
      at('both.star'),
      '--pixel-size',
      '6',
    );
    expect(run.code, run.stdout + run.stderr).toBe(0);
    const star = readFileSync(at('both', 'particles.star'), 'utf8');
    expect(star).toMatch(/one\/sim_0001\.mrc\t.*\t1000 \n/);
    expect(star).toMatch(/two\/sim_0001\.mrc\t.*\t1001 \n/);
  });

  it('refuses odd boxes, and images larger than their boxes', () => {
    for (const sides of [
      ['--box', '63'],
      ['--box', '32', '--scale-to', '64'],
    ]) {
      expect(deepem('extract', at('edge'), join(made, 'one'), '--out', at('no'), ...sides).code).toBe(2);
    }
  });
});

describe('doctor', () => {
  const one = () => join(made, 'one');

  it('finds a flip and prints the command that fixes it', () => {
    deepem('convert', one(), '--flip-y', '--micrographs', one(), '--to', 'star', '--out', at('turned'));
    const run = deepem('doctor', one(), at('turned', 'sim_0001_autopick.star'), '--plot', at('doctor.png'));
    expect(run.stdout).toMatch(/rows counted from the last/);
    const command = /deepem (convert .*)/.exec(run.stdout)?.[1] ?? '';
    expect(deepem(...command.split(' ').map((part) => (part === 'fixed' ? at('fixed') : part))).code).toBe(0);
    deepem('convert', at('fixed'), '--to', 'csv', '--out', at('fixed-csv'));
    const [found, truth] = [centres('fixed-csv', 'sim_0001.csv'), centres('made', 'one', 'sim_0001.csv')];
    expect(found[0][1]).toBeCloseTo(truth[0][1], 2);
    expect(readFileSync(at('doctor.png')).subarray(1, 4).toString()).toBe('PNG');
  });

  it('leaves right coordinates alone', () => {
    expect(deepem('doctor', one(), one(), '--diameter', '60px').stdout).toMatch(/right as they are/);
  });

  it('says "cannot tell" of fewer than 20 picks', () => {
    mkdirSync(at('few'));
    const rows = centres('made', 'one', 'sim_0001.csv').slice(0, 12);
    writeFileSync(at('few', 'sim_0001.csv'), `x,y\n${rows.join('\n')}\n`);
    expect(deepem('doctor', one(), at('few'), '--diameter', '60px').stdout).toMatch(/cannot tell/);
  });

  it('says "cannot tell" about places without particles', () => {
    mkdirSync(at('nonsense'));
    const rows = Array.from({ length: 30 }, (_, i) => `${(i * 211) % 640},${(i * 137) % 480}\n`);
    writeFileSync(at('nonsense', 'sim_0001.csv'), `x,y\n${rows.join('')}`);
    const found = JSON.parse(deepem('doctor', one(), at('nonsense'), '--json').stdout);
    expect(found).toMatchObject({ certain: false, fix: null });
  });
});

describe('inspect, validate and preview', () => {
  const micrograph = () => join(made, 'one', 'sim_0001.mrc');

  it('shows an image, coordinates and a list, and goes on after a file that cannot be read', () => {
    const files = [micrograph(), at('all', 'particles.star'), at('gone.mrc'), at('all', 'one', 'sim_0001.box')];
    const run = deepem('inspect', ...files);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/float32[\s\S]*nx +640[\s\S]*data_particles[\s\S]*gone\.mrc[\s\S]*box +64/);
    const [first] = deepem('inspect', micrograph(), '--json').stdout.split('\n');
    expect(JSON.parse(first).pixels).toMatchObject({ count: 640 * 480, notFinite: 0 });
  });

  it('finds every file of the package valid', () => {
    const files = [micrograph(), ...['autopick.star', 'particles.star'].map((name) => at('all', name))];
    const run = deepem('validate', ...files);
    expect(run.code, run.stdout).toBe(0);
  });

  it('says what is wrong with a header, and how to fix it', () => {
    const bytes = readFileSync(micrograph());
    bytes.fill(0, 208, 216);
    bytes.writeInt32LE(5, 88);
    writeFileSync(at('bad.mrc'), bytes.subarray(0, -10));
    const run = deepem('validate', at('bad.mrc'));
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(
      /map identifier.*\n.*machine stamp.*0000[\s\S]*space group is 5 for a single image[\s\S]*truncated: copy it again/,
    );
  });

  it.each([
    ['a.star', 'data_\r\nloop_\r\n_rlnCoordinateX #1\r\n_rlnCoordinateX #2\r\n1 2\r\n', /carriage returns[\s\S]*twice/],
    ['a.box', '# by hand\n1.5 2 0 0\n3 4 5 5\n', /begin with #[\s\S]*fractions[\s\S]*2 sizes[\s\S]*odd[\s\S]*size 0/],
  ])('checks %s', (name, text, message) => {
    writeFileSync(at(name), text);
    expect(deepem('validate', at(name)).stdout).toMatch(message);
  });

  it('draws a micrograph with picks, and a stack', async () => {
    const run = deepem('preview', micrograph(), '--picks', made, '-o', at('a.png'));
    expect(run.code, run.stderr).toBe(0);
    expect(await sharp(at('a.png')).metadata()).toMatchObject({ format: 'png', width: 640, height: 480 });
    expect(deepem('preview', at('padded', 'sim_0001.mrcs'), '-o', at('b.png')).code).toBe(0);
    expect(deepem('preview', at('padded', 'sim_0001.mrcs'), '--frame', '3', '-o', at('c.png')).stderr).toMatch(
      /1 to 2/,
    );
    expect(deepem('preview', micrograph(), '-o', at('b.jpg')).code).toBe(2);
  });
});
