import { describe, expect, it } from 'vitest';
import { blobModel } from './blob.js';
import { planMemory } from './memory.js';

const model = blobModel(108, 1.77);
const square = (side: number) => ({ width: side, height: side, decoding: 0 });
const every = { step: 1, factor: 1 };

describe('the memory of a run', () => {
  it('keeps two micrographs where they are small, one where they are large', () => {
    expect(planMemory(square(4096), model, { step: 2, factor: 4, limit: null }).ahead).toBe(true);
    const large = planMemory(square(8192), model, { ...every, limit: null });
    expect(large.ahead).toBe(false);
    expect(large.bytes).toBeLessThan(1.75e9);
  });

  it('never plans for more than the limit, and uses what is granted', () => {
    for (const limit of [1.5e9, 2e9, 4e9, 16e9]) {
      expect(planMemory(square(8192), model, { ...every, limit }).bytes).toBeLessThanOrEqual(limit);
    }
    const maps = (limit: number) => planMemory(square(4096), model, { step: 2, factor: 4, limit }).mapBytes;
    expect(maps(8e9)).toBeGreaterThan(maps(0.8e9));
  });

  it('counts what a file is decoded from', () => {
    const decoded = { ...square(8192), decoding: 1e8 };
    const options = { step: 2, factor: 4, limit: null };
    expect(planMemory(decoded, model, options).bytes - planMemory(square(8192), model, options).bytes).toBe(1e8);
  });

  it('says what is needed where the limit is too low', () => {
    expect(() => planMemory(square(8192), model, { ...every, limit: 5e8 })).toThrow(
      /--memory 0.50 GB.*at least 1\.\d\d GB for micrographs of 8192x8192 pixels/s,
    );
  });
});
