/** The project as the server has it: fetched once, and again at every event. */

import { useCallback, useEffect, useRef, useState } from 'react';
import type { ApiEvent, ApiJob, ApiLabels, ApiProject } from '../../src/server/api.js';
import { api } from './api.js';

/** Events come in swarms while micrographs are picked. */
const SETTLE_MS = 150;
/** A label changes one row, which is changed here; sums over sets of picks are fetched once a person pauses. */
const PAUSE_MS = 2000;

/** What the page knows of the project. */
export interface ProjectState {
  readonly project: ApiProject | null;
  /** False while the server cannot be reached. */
  readonly connected: boolean;
  /** Counts the changes of any set of picks. */
  readonly picksChanged: number;
  /** Counts the changes of excluded regions. */
  readonly masksChanged: number;
}

/**
 * Follows the project.
 *
 * @param heard - gets every event
 * @param again - called when the connection is there again: what happened meanwhile was not heard
 */
export function useProject(heard: (event: ApiEvent) => void, again: () => void): ProjectState {
  const [project, setProject] = useState<ApiProject | null>(null);
  const [connected, setConnected] = useState(true);
  const [picksChanged, setPicksChanged] = useState(0);
  const [masksChanged, setMasksChanged] = useState(0);
  const listener = useRef({ heard, again });
  listener.current = { heard, again };
  const timer = useRef(0);
  const slowTimer = useRef(0);

  const load = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      api.project().then(setProject, () => setConnected(false));
    }, SETTLE_MS);
  }, []);

  useEffect(() => {
    const events = new EventSource('api/events');
    let isFirst = true;
    events.addEventListener('open', () => {
      setConnected(true);
      load();
      if (!isFirst) {
        listener.current.again();
        setPicksChanged((count) => count + 1);
        setMasksChanged((count) => count + 1);
      }
      isFirst = false;
    });
    events.addEventListener('error', () => setConnected(false));
    events.addEventListener('message', ({ data }) => {
      const event = JSON.parse(data) as ApiEvent;
      listener.current.heard(event);
      if (event.kind === 'job') setProject((before) => withJob(before, event.job));
      else if (event.kind === 'labels') {
        setProject((before) => withLabels(before, event.labels));
        clearTimeout(slowTimer.current);
        slowTimer.current = window.setTimeout(load, PAUSE_MS);
      } else load();
      if (event.kind === 'picks') setPicksChanged((count) => count + 1);
      if (event.kind === 'mask') setMasksChanged((count) => count + 1);
    });
    return () => events.close();
  }, [load]);

  return { project, connected, picksChanged, masksChanged };
}

function withJob(project: ApiProject | null, job: ApiJob): ApiProject | null {
  if (!project) return null;
  const others = project.jobs.filter(({ id }) => id !== job.id);
  return { ...project, jobs: [...others, job].sort((a, b) => a.id - b.id) };
}

/** The project once labels of a micrograph have changed: the whole of it is too much to fetch for every click. */
function withLabels(project: ApiProject | null, { id, particles, negatives }: ApiLabels): ApiProject | null {
  if (!project) return null;
  const counts = { labels: particles.length, negatives: negatives.length };
  return { ...project, micrographs: project.micrographs.map((one) => (one.id === id ? { ...one, ...counts } : one)) };
}
