/** Long work: how far it is, and the button that stops it. */

import type { ApiJob } from '../../../src/server/api.js';
import { api } from '../api.js';

/** Kinds of jobs in words. */
export const JOB_NAMES: Readonly<Record<ApiJob['kind'], string>> = {
  train: 'Training',
  pick: 'Picking',
  classes: 'Class averages',
  export: 'Export',
};

/** Time in words. */
function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

export function JobCard({ job, stop }: { readonly job: ApiJob; readonly stop: string }) {
  const active = job.state === 'waiting' || job.state === 'running';
  const left = job.secondsLeft === null ? '' : `, ${duration(job.secondsLeft)} left`;
  return (
    <div className={`job ${job.state}`} role="status">
      <span>
        {JOB_NAMES[job.kind]} {job.result?.split('/').at(-1)}: {job.state}
        {active && left}
      </span>
      {active && <progress max={1} value={job.progress} aria-label={`Progress of ${JOB_NAMES[job.kind]}`} />}
      {job.message && <span className="message">{job.message}</span>}
      {active && (
        <button type="button" onClick={() => api.cancel(job.id).catch(() => {})}>
          {stop}
        </button>
      )}
    </div>
  );
}

/** What runs now, for the head of the page. */
export function RunningJobs({ jobs }: { readonly jobs: readonly ApiJob[] }) {
  const active = jobs.filter(({ state }) => state === 'running' || state === 'waiting');
  return (
    <div className="running">
      {active.map((job) => (
        <JobCard key={job.id} job={job} stop="Stop" />
      ))}
    </div>
  );
}
