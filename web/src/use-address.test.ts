import { describe, expect, it } from 'vitest';
import { addressOf, type Place, readAddress } from './use-address.js';

const USUAL: Place = {
  ...{ micrograph: null, step: 'Label', sight: 'micrograph', members: null, set: null, spot: null },
  wanted: { order: 'name', filter: 'all', search: '' },
};

describe('the address', () => {
  it('comes back as what was on the page', () => {
    const place: Place = {
      ...{ micrograph: 'a b/ä&1', step: 'Review', sight: 'members', members: 3, set: 'model-2' },
      spot: { x: 12.5, y: 7, k: 0.25 },
      wanted: { order: 'picks', filter: 'labelled', search: '0=1#' },
    };
    expect(readAddress(`#${addressOf(place)}`)).toEqual(place);
  });

  it('says nothing of what is usual, and takes nonsense for that', () => {
    expect(addressOf(USUAL)).toBe('');
    expect(readAddress('')).toEqual(USUAL);
    expect(readAddress('#step=Nothing&show=x&only=1&order=2&class=-1&at=1,2')).toEqual(USUAL);
    expect(readAddress('#at=1,2,-3')).toEqual(USUAL);
  });
});
