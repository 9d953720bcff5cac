import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMrcStack } from '../src/storage/mrc-stack.js';
import { testFolder } from '../src/testing/folder.js';
import { deepem } from './command-line.js';

const folder = testFolder();

describe('deepem classes', () => {
  it('writes averages, the class of every particle, and a picture', async () => {
    const micrographs = folder.at('micrographs');
    deepem('simulate', '--out', micrographs, '--micrographs', '2', '--size', '512', '--particles', '20');
    const [stack, plot] = [folder.at('classes.mrcs'), folder.at('classes.png')];
    const args = ['classes', micrographs, micrographs, '--diameter', '66px', '--classes', '3', '--side', '32'];
    const run = deepem(...args, '-o', stack, '--plot', plot, '--json');
    expect(run.stderr).toBe('');
    const { particles, classes } = JSON.parse(run.stdout);
    expect(classes.reduce((sum: number, one: { particles: number }) => sum + one.particles, 0)).toBe(particles);
    expect(JSON.parse(readFileSync(folder.at('classes.json'), 'utf8'))).toMatchObject({ diameter: 66, classes });
    const { count, width, close } = await openMrcStack(stack);
    await close();
    expect([count, width]).toEqual([classes.length, 32]);
    expect(readFileSync(folder.at('classes.csv'), 'utf8').split('\n')).toHaveLength(particles + 2);
    expect(readFileSync(plot).subarray(1, 4).toString()).toBe('PNG');
    expect(deepem(...args, '-o', folder.at('again.mrcs')).code).toBe(0);
    expect(readFileSync(folder.at('again.mrcs')).equals(readFileSync(stack))).toBe(true);
  });

  it('counts picks whose boxes reach over the edge, and refuses where most do', () => {
    const micrographs = folder.at('micrographs');
    deepem('simulate', '--out', micrographs, '--micrographs', '1', '--size', '256', '--particles', '5');
    const classes = (points: string) => {
      const picks = folder.put('picks/sim_0001.csv', `x,y\n${points}`);
      return deepem('classes', picks, micrographs, '--diameter', '66px', '-o', folder.at('c.mrcs'), '--overwrite');
    };
    const [inside, outside] = ['100,100\n150,120\n', '3,100\n250,250\n'];
    expect(classes(`${inside}${outside}`).stdout).toMatch(/^2 particles.*\n2 more reach over the edge/);
    const refused = classes(`${inside}${outside}20,20\n`);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/Most picks.*3 of 5 picks.*doctor/)]);
  });

  it.each([
    [['--side', '33'], /even number/],
    [['--threshold', '2'], /There are no picks to classify/],
  ])('refuses %s', (extra, message) => {
    const micrographs = folder.at('micrographs');
    deepem('simulate', '--out', micrographs, '--micrographs', '1', '--size', '256', '--particles', '5');
    const picks = folder.put('picks/sim_0001.csv', 'x,y,score\n100,100,0.5\n');
    const run = deepem('classes', picks, micrographs, '--diameter', '66px', '-o', folder.at('c.mrcs'), ...extra);
    expect(run.stderr).toMatch(message);
    expect(run.code).not.toBe(0);
  });
});

describe('deepem classes --select', () => {
  const NAMES = ['sim_0001', 'sim_0002'];

  const micrographs = join(mkdtempSync(join(tmpdir(), 'deepem-selection-')), 'micrographs');
  beforeAll(() => {
    deepem('simulate', '--out', micrographs, '--micrographs', '2', '--size', '256', '--particles', '5');
  });
  afterAll(() => rmSync(dirname(micrographs), { recursive: true }));

  const select = (...args: string[]) => {
    // Four picks on each; the last one lies at the edge.
    const points = 'x,y,score\n100,100,0.9\n150,120,0.8\n80,170,0.7\n9,9,0.6\n';
    for (const name of NAMES) folder.put(`picks/${name}.csv`, points);
    const picks = folder.at('picks');
    return deepem(
      'classes',
      picks,
      micrographs,
      '--diameter',
      '60px',
      ...args,
      '-o',
      folder.at('sorted'),
      '--overwrite',
    );
  };
  const rows = (fate: string, name: string) =>
    readFileSync(folder.at(`sorted/${fate}/${name}.csv`), 'utf8')
      .trim()
      .split('\n')
      .slice(1);

  it('sorts picks by the numbers of classes', () => {
    const table = folder.put(
      'classes.csv',
      'micrograph,x,y,score,class\nsim_0001.mrc,101,100,0.9,1\nsim_0001.mrc,150,120,0.8,2\nsim_0002.mrc,80,170,0.7,3\n',
    );
    const run = select('--select', table, '--reject', '2-3');
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toMatch(/accepted: 1 pick,.*\nrejected: 2 picks,.*\nnot classified: 5 picks/);
    expect(rows('accepted', 'sim_0001')).toEqual(['100.000,100.000,0.900000']);
    expect(rows('rejected', 'sim_0001')).toEqual(['150.000,120.000,0.800000']);
    expect(rows('rejected', 'sim_0002')).toEqual(['80.000,170.000,0.700000']);
    expect(select('--select', table, '--keep', '1').stdout).toMatch(/accepted: 1 pick,.*\nrejected: 2 picks/);
  });

  it("takes what RELION's Select job kept: what lies inside and was not kept is rejected", () => {
    const star = folder.put(
      'particles.star',
      'data_particles\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n_rlnClassNumber #4\nmicrographs/sim_0001.mrc 100 100 4\n',
    );
    const run = select('--select', star);
    expect(run.stderr).toMatch(/nothing was kept on 1 micrograph: their picks count neither way/);
    expect(rows('accepted', 'sim_0001')).toHaveLength(1);
    expect(rows('rejected', 'sim_0001')).toEqual(['150.000,120.000,0.800000', '80.000,170.000,0.700000']);
    expect(rows('rejected', 'sim_0002')).toEqual([]);
  });

  it('takes kept and rejected particles from two files', () => {
    const kept = folder.put('kept.csv', 'micrograph,x,y\nsim_0001.mrc,100,100\nsim_0002.mrc,100,100\n');
    const rejected = folder.put('rejected.csv', 'micrograph,x,y\nsim_0002.mrc,150,120\n');
    const run = select('--select', kept, '--rejected', rejected);
    expect(run.stdout).toMatch(/accepted: 2 picks,.*\nrejected: 1 pick,.*\nnot classified: 5 picks/);
  });

  it.each([
    [['--reject', '9'], /There is no class 9 in .*expected one of 1, 2/],
    [['--reject', 'three'], /Wrong value of --reject/],
    [['--keep', '1', '--reject', '2'], /Only one of --keep, --reject and --rejected/],
    [['--plot', 'x.png'], /--plot has no use with --select/],
  ])('refuses %s', (extra, message) => {
    const table = folder.put('classes.csv', 'micrograph,x,y,class\nsim_0001.mrc,100,100,1\nsim_0001.mrc,150,120,2\n');
    const run = select('--select', table, ...extra);
    expect(run.stderr).toMatch(message);
    expect(run.code).toBe(2);
  });

  it('says so where nothing is rejected, as with all classes and none named', () => {
    const all = folder.put(
      'all.csv',
      'micrograph,x,y,class\nsim_0001.mrc,100,100,1\nsim_0001.mrc,150,120,2\nsim_0001.mrc,80,170,2\n',
    );
    expect(select('--select', all).stderr).toMatch(/every pick was kept.*--reject/);
  });

  it('refuses a file without classes, and numbers without --select', () => {
    const bare = folder.put('bare.csv', 'micrograph,x,y\nsim_0001.mrc,100,100\n');
    expect(select('--select', bare, '--reject', '2').stderr).toMatch(/does not say to which class/);
    expect(select('--reject', '2').stderr).toMatch(/--reject needs --select/);
  });
});
