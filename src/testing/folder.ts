/** A fresh folder for each test of a file. */

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach } from 'vitest';

/** A folder that is new in each test. */
export interface TestFolder {
  /** Path of something in it. */
  at(...names: string[]): string;
  /** Writes a file into it and returns its path. */
  put(name: string, data: string | Uint8Array): string;
}

/** Makes a folder before each test of the calling file. */
export function testFolder(): TestFolder {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deepem-test-'));
  });
  const at = (...names: string[]) => join(folder, ...names);
  return {
    at,
    put(name, data) {
      mkdirSync(join(at(name), '..'), { recursive: true });
      writeFileSync(at(name), data);
      return at(name);
    },
  };
}
