import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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
    const { particles, sizes } = JSON.parse(run.stdout);
    expect(sizes.reduce((a: number, b: number) => a + b)).toBe(particles);
    const { count, width, close } = await openMrcStack(stack);
    await close();
    expect([count, width]).toEqual([sizes.length, 32]);
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
