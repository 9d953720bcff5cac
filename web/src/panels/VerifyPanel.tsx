/** Are the picks particles? Averages, and class averages that are made of nothing but themselves. */

import { useState } from 'react';
import { counted } from '../../../src/core/words.js';
import type { ApiProject } from '../../../src/server/api.js';
import { address, api } from '../api.js';
import type { LabelState } from '../use-labels.js';
import { ClassGrid } from './ClassGrid.js';
import { JobCard } from './Jobs.js';
import { versionOf } from './ReviewPanel.js';

interface VerifyPanelProps {
  readonly project: ApiProject;
  readonly set: string | null;
  readonly threshold: number;
  readonly labelState: LabelState;
  /** Shows the members of a class. */
  onMembers(number: number): void;
  onPicked(set: string | null): void;
  onError(error: Error): void;
}

export function VerifyPanel({ project, set, threshold, labelState, onMembers, onPicked, onError }: VerifyPanelProps) {
  const [averages, setAverages] = useState<string | null>(null);
  const [classes, setClasses] = useState(10);
  const job = project.jobs.filter(({ kind, result }) => kind === 'classes' && result === set).at(-1);
  const busy = project.jobs.some(({ state }) => state === 'waiting' || state === 'running');
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
      <ClassGrid
        {...{ set, onMembers, onError }}
        version={`${job?.id} ${job?.state} ${versionOf(project)}`}
        onDecide={(number, decision) => {
          labelState.decideMany(api.decideClass(set, number, decision)).catch(onError);
        }}
      />
      <Selection set={set} labelState={labelState} onError={onError} />
      <div className="buttons">
        <button
          type="button"
          disabled={busy || project.micrographs.every(({ labels }) => labels === 0)}
          onClick={() =>
            api
              .start({ kind: 'train', labels: 'auto', epochs: null, start: 'general', thenPick: true })
              .then(({ result }) => onPicked(result), onError)
          }
        >
          Train again and pick
        </button>
      </div>
    </section>
  );
}

/** Takes what was selected in another program. */
function Selection({
  set,
  labelState,
  onError,
}: Pick<VerifyPanelProps, 'labelState' | 'onError'> & { readonly set: string }) {
  const [said, setSaid] = useState('');
  const take = (file: File) =>
    labelState.decideMany(api.importSelection(set, file)).then(({ accepted, rejected, after }) => {
      setSaid(`${accepted} kept, ${rejected} rejected, on ${counted(after.length, 'micrograph')}`);
    }, onError);
  return (
    <details>
      <summary>Use a selection from RELION or cryoSPARC</summary>
      <label className="field">
        Particles that were kept
        <input
          type="file"
          accept=".star,.cs,.csv"
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file) take(file);
            currentTarget.value = '';
          }}
        />
      </label>
      <p className="hint">
        particles.star of a Select job, or particles_selected.cs of Select 2D. Picks of {set} on the same micrographs
        that were not kept are rejected.
      </p>
      {said && <p role="status">{said}</p>}
    </details>
  );
}
