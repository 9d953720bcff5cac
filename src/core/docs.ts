/** Pages of documentation that messages point to: the package holds them, so the path is there in a clone and after an installation. */

import { fileURLToPath } from 'node:url';

/** A page in `docs/`. */
export type DocsPage = 'cluster' | 'formats' | 'gpu' | 'serve';

/** Path of a page on this machine. */
export function docsPage(page: DocsPage): string {
  return fileURLToPath(new URL(`../../docs/${page}.md`, import.meta.url));
}
