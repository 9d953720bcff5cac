/** What is known of the micrograph that is shown, or why it cannot be shown. */

import { useEffect, useState } from 'react';
import type { ApiMicrographDetail } from '../../src/server/api.js';
import { api, latest } from './api.js';

export interface MicrographState {
  readonly detail: ApiMicrographDetail | null;
  /** Why it cannot be read. */
  readonly failed: string | null;
}

const NOTHING: MicrographState = { detail: null, failed: null };

export function useMicrograph(id: string | null): MicrographState {
  const [state, setState] = useState(NOTHING);
  useEffect(() => {
    setState(NOTHING);
    if (id === null) return;
    return latest(
      api.micrograph(id),
      (detail) => setState({ detail, failed: null }),
      ({ message }) => setState({ detail: null, failed: message }),
    );
  }, [id]);
  return state.detail === null || state.detail.id === id ? state : NOTHING;
}
