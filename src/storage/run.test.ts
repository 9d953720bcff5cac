import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { testFolder } from '../testing/folder.js';
import { openClaims } from './claims.js';
import { watchMemory } from './heavy.js';
import { openRun } from './run.js';

/** A file system without hard links, as FAT and some network folders. */
const links = vi.hoisted(() => ({ allowed: true }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>();
  const refuse = () => Promise.reject(Object.assign(new Error('operation not permitted'), { code: 'EPERM' }));
  return { ...real, link: (...args: Parameters<typeof real.link>) => (links.allowed ? real.link(...args) : refuse()) };
});

const { at, put } = testFolder();

describe('openRun', () => {
  it.each([true, false])('begins and goes on with hard links: %s', async (allowed) => {
    links.allowed = allowed;
    await openRun(at('out'), { threshold: 0.5 }, false);
    await Promise.all([openRun(at('two'), { a: 1 }, false), openRun(at('two'), { a: 1 }, false)]);
    const again = await openRun(at('out'), { threshold: 0.5 }, false);
    expect(again.history.parameters).toEqual({ threshold: 0.5 });
    await expect(openRun(at('out'), { threshold: 0.6 }, false)).rejects.toThrow(/threshold 0.5 before, 0.6 now/);
    expect(readdirSync(at('out', '.deepem')).sort()).toEqual(['records', 'run.json']);
    links.allowed = true;
  });
});

describe('claims', () => {
  it('are held by one, until released', async () => {
    const [one, other] = [openClaims(at('c')), openClaims(at('c'))];
    expect([await one.take('m'), await one.take('m'), await other.isTaken('n')]).toEqual([true, false, false]);
    one.release('m');
    expect(await other.take('m')).toBe(true);
  });

  it.each<[string, object, number, boolean]>([
    ['of a process that has ended', { host: hostname(), pid: 2 ** 22 + 1 }, 0, true],
    ['of a running process', { host: hostname(), pid: process.ppid }, 0, false],
    ['of an earlier process with the same number', { host: hostname(), pid: process.pid }, 0, true],
    ['of another machine', { host: 'elsewhere', pid: 1 }, 60, false],
    ['of another machine, long ago', { host: 'elsewhere', pid: 1 }, 3600, true],
    ['that is not written yet', {}, 0, false],
  ])('%s', async (_, claim, age, wanted) => {
    const claims = openClaims(at('c'));
    await claims.take('m');
    const [name] = readdirSync(at('c'));
    writeFileSync(at('c', name), JSON.stringify(claim));
    const then = Date.now() / 1000 - age;
    utimesSync(at('c', name), then, then);
    const later = openClaims(at('c'));
    expect(later.wasBegun('m')).toBe(true);
    expect(await later.take('m')).toBe(wanted);
  });
});

describe('a run that takes more memory than planned', () => {
  it('leaves word of what it held, and the next run leaves that alone until it changes', async () => {
    const file = put('hostile.tif', 'x');
    const other = put('other.mrc', 'y');
    const killed = await watchMemory(at('run'), 1e9, () => 3.4e9);
    killed.begin(file);
    for (let i = 0; i < 50 && !existsSync(at('run')); i++) await wait(20);
    await wait(50);
    const next = await watchMemory(at('run'), 1e9, () => 0.2e9);
    expect(next.reason(file)).toMatch(
      /hostile\.tif: an earlier run was killed.*3\.4 GB in use where 1\.0 GB were planned/,
    );
    expect(next.reason(other)).toBeNull();
    writeFileSync(file, 'replaced');
    expect(next.reason(file)).toBeNull();
    await killed.close();
    await next.close();
    expect(readdirSync(at('run'))).toEqual([]);
  });

  it('leaves nothing where it stays within the plan, or ends well', async () => {
    const file = put('a.mrc', 'x');
    const watch = await watchMemory(at('run'), 1e9, () => 1.2e9);
    watch.begin(file);
    await wait(250);
    await watch.close();
    expect(existsSync(at('run'))).toBe(false);
  });
});
