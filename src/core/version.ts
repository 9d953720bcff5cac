/** Name and version of this program, as written into its outputs. */

import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

export const VERSION: string = version;
export const PROGRAM = `deepem ${VERSION}`;
