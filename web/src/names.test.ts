import { describe, expect, it } from 'vitest';
import { shortener } from './names.js';

describe('names in the list', () => {
  it('lose what all have in common, but no part of a number or word', () => {
    const names = ['grid/FoilHole_1201_Data_001', 'grid/FoilHole_1202_Data_001', 'grid/FoilHole_1210_Data_007'];
    expect(names.map(shortener(names, 30))).toEqual(['1201_Data_001', '1202_Data_001', '1210_Data_007']);
  });

  it('lose their middle where they are too long, and stay apart', () => {
    const names = ['a_very_long_name_of_a_session_0001_end', 'b_very_long_name_of_a_session_0002_end'];
    const short = names.map(shortener(names, 20));
    expect(short.map(({ length }) => length)).toEqual([20, 20]);
    expect(new Set(short).size).toBe(2);
    expect(short[0]).toMatch(/^a_very.*0001_end$/);
  });

  it('of one micrograph is without its folder', () => {
    expect(shortener(['micrographs/one'], 20)('micrographs/one')).toBe('one');
    expect(shortener([], 20)('x')).toBe('x');
  });
});
