/** What a person should know: what went wrong stays until it is read, what has ended well goes by itself. */

import { useEffect, useState } from 'react';
import type { ApiJob } from '../../src/server/api.js';
import { JOB_NAMES } from './panels/Jobs.js';

interface NoticesProps {
  readonly connected: boolean;
  readonly error: string | null;
  readonly jobs: readonly ApiJob[];
  onRead(): void;
}

/** How long it is said that a job has ended. */
const SHOWN_MS = 12_000;

export function Notices({ connected, error, jobs, onRead }: NoticesProps) {
  const { ended, read } = useEnded(jobs);
  return (
    <div className="notices">
      {!connected && (
        <p className="banner">The server cannot be reached. What was saved is safe; this page waits for it.</p>
      )}
      {error && <Banner words={error} onRead={onRead} />}
      {ended.map((job) =>
        job.state === 'failed' ? (
          <Banner key={job.id} words={`${nameOf(job)} failed: ${job.message}`} onRead={() => read(job.id)} />
        ) : (
          <p key={job.id} className="banner good" role="status">
            {nameOf(job)} has ended{job.message && `: ${job.message}`}
            <button type="button" className="close" onClick={() => read(job.id)}>
              Close
            </button>
          </p>
        ),
      )}
    </div>
  );
}

function Banner({ words, onRead }: { readonly words: string; onRead(): void }) {
  return (
    <p className="banner" role="alert">
      {words}
      <button type="button" className="close" onClick={onRead}>
        Close
      </button>
    </p>
  );
}

function nameOf({ kind, result }: ApiJob): string {
  return [JOB_NAMES[kind], result?.split('/').at(-1)].filter(Boolean).join(' ');
}

/** Jobs that were running while this page was open and have ended since, until they are read. */
function useEnded(jobs: readonly ApiJob[]) {
  const [running, setRunning] = useState<ReadonlySet<number>>(new Set());
  const [done, setDone] = useState<ReadonlySet<number>>(new Set());
  const read = (id: number) => setDone((before) => new Set([...before, id]));
  useEffect(() => {
    const active = jobs.filter(({ state }) => state === 'waiting' || state === 'running').map(({ id }) => id);
    setRunning((before) => (active.every((id) => before.has(id)) ? before : new Set([...before, ...active])));
  }, [jobs]);
  const ended = jobs.filter(
    ({ id, state }) => running.has(id) && !done.has(id) && (state === 'done' || state === 'failed'),
  );
  const passing = ended.find(({ state }) => state === 'done')?.id;
  useEffect(() => {
    if (passing === undefined) return;
    const timer = setTimeout(() => setDone((before) => new Set([...before, passing])), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [passing]);
  return { ended, read };
}
