import { describe, expect, it } from 'vitest';
import type { ApiModel, ApiProject } from '../../src/server/api.js';
import { nextStep } from './Guide.js';

const micrograph = (labels: number, negatives = 0) => ({
  ...{ id: 'a', path: 'a.mrc', labels, negatives, checked: false, excluded: false, failed: null },
});
const project = (more: Partial<ApiProject>) =>
  ({ diameter: 100, pickSets: [], models: [], micrographs: [micrograph(0)], ...more }) as unknown as ApiProject;
const model = { name: 'model-1' } as ApiModel;
const set = (name: string, micrographs: number) => ({ name, threshold: 0.5, micrographs, particles: 7 });

describe('the next step', () => {
  it.each([
    ['diameter', project({ diameter: null })],
    ['find', project({})],
    ['correct', project({ pickSets: [set('general-100px', 1)], micrographs: [micrograph(3, 2)] })],
    ['train', project({ micrographs: [micrograph(25)] })],
    ['train', project({ pickSets: [set('general-100px', 1)], micrographs: [micrograph(8, 12)] })],
    ['pick', project({ models: [model], micrographs: [micrograph(25)] })],
    ['pick', project({ models: [model], pickSets: [set('model-1', 1)], micrographs: [micrograph(25), micrograph(0)] })],
    ['review', project({ models: [model], pickSets: [set('model-1', 1)], micrographs: [micrograph(25)] })],
  ] as const)('is %s', (kind, state) => {
    expect(nextStep(state, 'Label').kind).toBe(kind);
  });

  it('is the export once picks were reviewed', () => {
    const reviewed = project({ models: [model], pickSets: [set('model-1', 1)] });
    expect(nextStep(reviewed, 'Review')).toMatchObject({ kind: 'export', words: '7 particles on 1 micrograph' });
  });
});
