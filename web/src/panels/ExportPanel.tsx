/** Export: formats and particle stacks, and the commands that do the same. */

import { useState } from 'react';
import type { ApiProject } from '../../../src/server/api.js';
import { api } from '../api.js';
import { JobCard } from './Jobs.js';

interface ExportPanelProps {
  readonly project: ApiProject;
  readonly set: string | null;
  readonly threshold: number;
  onError(error: Error): void;
}

/** Side of the box before the diameter is known, in full-size pixels. */
const USUAL_BOX = 150;

export function ExportPanel({ project, set, threshold, onError }: ExportPanelProps) {
  const [formats, setFormats] = useState<readonly string[]>(['box', 'star']);
  const [stacks, setStacks] = useState(false);
  const [box, setBox] = useState(project.box ?? USUAL_BOX);
  const [scaleTo, setScaleTo] = useState<number | null>(null);
  const [white, setWhite] = useState(true);
  const job = project.jobs.filter(({ kind }) => kind === 'export').at(-1);
  if (set === null) {
    return (
      <section>
        <h2>Export</h2>
        <p className="hint">There are no picks yet.</p>
      </section>
    );
  }
  const particles = stacks ? { box, scaleTo, invert: white, normalize: white } : null;
  return (
    <section>
      <h2>Export {set}</h2>
      <p>Picks with a score of {threshold.toFixed(2)} or more.</p>
      <fieldset>
        <legend>Coordinates</legend>
        {project.formats.map(({ name, summary }) => (
          <label key={name} className="check">
            <input
              type="checkbox"
              checked={formats.includes(name)}
              onChange={(event) =>
                setFormats(event.target.checked ? [...formats, name] : formats.filter((other) => other !== name))
              }
            />
            <span>
              <strong>{name}</strong> {summary}
            </span>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Particle stacks</legend>
        <label className="check">
          <input type="checkbox" checked={stacks} onChange={(event) => setStacks(event.target.checked)} />
          cut out the particles, with particles.star
        </label>
        {stacks && (
          <>
            <label className="field">
              Box in pixels
              <input
                type="number"
                min={2}
                step={2}
                value={box}
                onChange={(event) => setBox(event.target.valueAsNumber || 2)}
              />
            </label>
            <label className="field">
              Scaled to
              <input
                type="number"
                min={2}
                step={2}
                value={scaleTo ?? ''}
                placeholder="as it is"
                onChange={(event) => setScaleTo(event.target.valueAsNumber || null)}
              />
            </label>
            <label className="check">
              <input type="checkbox" checked={white} onChange={(event) => setWhite(event.target.checked)} />
              white particles, background normalised (as RELION wants them)
            </label>
          </>
        )}
      </fieldset>
      <div className="buttons">
        <button
          type="button"
          className="primary"
          disabled={formats.length === 0 && !stacks}
          onClick={() => api.start({ kind: 'export', set, formats, particles }).catch(onError)}
        >
          Export
        </button>
      </div>
      {job && (
        <>
          <JobCard job={job} stop="Stop" />
          <Commands folder={project.folder} commands={job.commands} />
        </>
      )}
    </section>
  );
}

/** Commands to copy. */
function Commands({ folder, commands }: { readonly folder: string; readonly commands: readonly string[] }) {
  const text = [`cd ${folder}`, ...commands].join('\n');
  return (
    <>
      <h3>The same on the command line</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached from the keyboard. */}
      <pre tabIndex={0}>{text}</pre>
      <div className="buttons">
        <button type="button" onClick={() => navigator.clipboard?.writeText(text)}>
          Copy
        </button>
      </div>
    </>
  );
}
