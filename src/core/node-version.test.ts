import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isAtLeast, LEAST_NODE } from './node-version.js';

it('package.json states the same least version', () => {
  expect(JSON.parse(readFileSync('package.json', 'utf8')).engines.node).toBe(`>=${LEAST_NODE}`);
});

it.each([
  ['18.20.4', false],
  ['20.9.0', false],
  ['20.19.0', true],
  ['22.0.0', true],
  ['100.1.0', true],
])('%s is at least 20.19: %s', (version, wanted) => {
  expect(isAtLeast(version, '20.19')).toBe(wanted);
});
