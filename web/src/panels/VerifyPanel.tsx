/** Are the picks particles? Averages, and class averages that are made of nothing but themselves. */

import { useState } from 'react';
import type { ApiProject } from '../../../src/server/api.js';
import { address, api } from '../api.js';
import { JobCard } from './Jobs.js';

interface VerifyPanelProps {
  readonly project: ApiProject;
  readonly set: string | null;
  readonly threshold: number;
  onError(error: Error): void;
}

export function VerifyPanel({ project, set, threshold, onError }: VerifyPanelProps) {
  const [averages, setAverages] = useState<string | null>(null);
  const [classes, setClasses] = useState(10);
  const job = project.jobs.filter(({ kind }) => kind === 'classes').at(-1);
  if (set === null || project.diameter === null) {
    return (
      <section>
        <h2>Verify</h2>
        <p className="hint">There are no picks yet.</p>
      </section>
    );
  }
  return (
    <section className="verify">
      <h2>Verify {set}</h2>
      <h3>Averages</h3>
      <p className="hint">
        At most 500 picks above the threshold, of at most 8 micrographs; then from the best to the worst quarter. A
        quarter without a particle in its middle is below any good threshold.
      </p>
      <div className="buttons">
        <button type="button" onClick={() => setAverages(address('api/averages', { set, threshold, at: Date.now() }))}>
          Average picks
        </button>
      </div>
      {averages && <img className="wide" src={averages} alt="Average of all picks, and of each quarter by score" />}
      <h3>Class averages</h3>
      <p className="hint">
        Picks are turned and shifted onto averages that are made of nothing but themselves: views of a particle come out
        sharp, noise does not.
      </p>
      <div className="buttons">
        <label>
          classes
          <input
            type="number"
            min={1}
            max={50}
            value={classes}
            onChange={(event) => setClasses(Math.min(50, Math.max(1, event.target.valueAsNumber || 1)))}
          />
        </label>
        <button type="button" onClick={() => api.start({ kind: 'classes', set, classes }).catch(onError)}>
          Classify
        </button>
      </div>
      {job && <JobCard job={job} stop="Stop" />}
      <img
        key={`${set} ${job?.state}`}
        className="wide"
        src={address('api/classes', { set, at: job?.id ?? 0 })}
        alt="Class averages with their sizes"
        // There are none until picks have been classified.
        onError={({ currentTarget }) => {
          currentTarget.hidden = true;
        }}
      />
    </section>
  );
}
