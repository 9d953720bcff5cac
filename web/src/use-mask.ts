/** The excluded regions of the micrograph that is shown, saved at every change; what the server cannot take now is sent again until it does. */

import { useCallback, useEffect, useRef, useState } from 'react';
import type { Region } from '../../src/core/regions.js';
import type { ApiMask } from '../../src/server/api.js';
import { api, insist, latest } from './api.js';

const NONE: readonly Region[] = [];

/** Excluded regions, and what can be done with them. */
export interface MaskState {
  readonly regions: readonly Region[];
  /** Replaces the regions of a micrograph. */
  put(mask: ApiMask): void;
  /** Fetches the mask again. */
  refresh(): void;
  /** Takes a mask that another tab or the server has changed. */
  take(mask: ApiMask): void;
  /** Masks that the server does not have yet. */
  readonly unsaved: number;
}

/** @param failed - told why a mask could not be read or saved */
export function useMask(id: string | null, failed: (error: Error) => void): MaskState {
  const [mask, setMask] = useState<ApiMask | null>(null);
  const [unsaved, setUnsaved] = useState(0);
  const outbox = useRef(new Map<string, ApiMask>());
  const isSending = useRef(false);

  const take = useCallback(
    (taken: ApiMask) => {
      if (taken.id === id && !outbox.current.has(taken.id)) setMask(taken);
    },
    [id],
  );
  useEffect(() => (id === null ? undefined : latest(api.mask(id), take, failed)), [id, take, failed]);

  const send = useCallback(async () => {
    if (isSending.current) return;
    isSending.current = true;
    for (let [next] = outbox.current.values(); next; [next] = outbox.current.values()) {
      try {
        await insist(() => api.putMask(next));
      } catch (error) {
        failed(error as Error);
      }
      if (outbox.current.get(next.id) === next) outbox.current.delete(next.id);
      setUnsaved(outbox.current.size);
    }
    isSending.current = false;
  }, [failed]);

  const put = useCallback(
    (wanted: ApiMask) => {
      outbox.current.set(wanted.id, wanted);
      setUnsaved(outbox.current.size);
      setMask((before) => (wanted.id === id ? wanted : before));
      send();
    },
    [id, send],
  );
  const refresh = () => {
    if (id !== null) api.mask(id).then(take, failed);
  };
  return { refresh, regions: mask !== null && mask.id === id ? mask.regions : NONE, put, take, unsaved };
}
