/** Names of micrographs for where there is little room, made once for a list. */

import { useMemo } from 'react';
import { shortener } from './names.js';

/** @param length - characters that there is room for */
export function useShortNames(rows: readonly { readonly id: string }[], length: number): (id: string) => string {
  return useMemo(
    () =>
      shortener(
        rows.map(({ id }) => id),
        length,
      ),
    [rows, length],
  );
}
