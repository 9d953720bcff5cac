/** Labelling: the diameter, labels of this micrograph, and where first labels may come from. */

import { type ChangeEvent, useEffect, useRef, useState } from 'react';
import { counted } from '../../../src/core/words.js';
import type { ApiMicrograph, ApiProject } from '../../../src/server/api.js';
import { api } from '../api.js';
import type { LabelState } from '../use-labels.js';

interface LabelPanelProps {
  readonly project: ApiProject;
  readonly micrograph: ApiMicrograph;
  readonly set: string | null;
  readonly threshold: number;
  readonly labelState: LabelState;
  /** Shows the picks of this name. */
  onSet(set: string | null): void;
  onError(error: Error): void;
}

/** Labels from which a training is worth its time. */
export const ENOUGH = 20;

/** Names that a sentence shows. */
const SHOWN = 3;

function namesOf(all: readonly string[]): string {
  const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : '';
  return `${all.slice(0, SHOWN).join(', ')}${more}`;
}

export function LabelPanel({ project, micrograph, set, threshold, labelState, onSet, onError }: LabelPanelProps) {
  const [said, setSaid] = useState('');
  const { diameter, pixelSize } = project;
  const diameterInput = useRef<HTMLInputElement>(null);
  // A change that is undone before the page has heard of it leaves the diameter as it was, but not what was typed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: every state of the project counts, also one with the same diameter.
  useEffect(() => {
    const input = diameterInput.current;
    if (input && document.activeElement !== input) input.value = diameter === null ? '' : String(diameter);
  }, [project, diameter]);
  const total = project.micrographs.reduce((sum, { labels }) => sum + labels, 0);

  async function importFile(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    let [imported, micrographs] = [0, 0];
    const leftOver: string[] = [];
    try {
      for (const file of event.target.files ?? []) {
        const result = await api.importLabels(file);
        imported += result.imported;
        micrographs += result.micrographs;
        leftOver.push(...result.leftOver);
      }
      const others = leftOver.length === 0 ? '' : `; not in this project: ${namesOf(leftOver)}`;
      setSaid(`${counted(imported, 'label')} added on ${counted(micrographs, 'micrograph')}${others}`);
    } catch (error) {
      onError(error as Error);
    }
    event.target.value = '';
  }

  return (
    <section>
      <h2>Label</h2>
      {project.notices.map((notice) => (
        <p key={notice} className="hint" data-testid="notice">
          {notice}
        </p>
      ))}
      <p className="hint">
        Click the middle of a particle; click again to remove the label. About {ENOUGH} labels on a few micrographs are
        enough for a first training.
      </p>
      <p>
        <strong data-testid="label-count">{micrograph.labels}</strong> here, <strong>{total}</strong> in all
      </p>
      <label className="field">
        Diameter in pixels
        <input
          key={diameter}
          ref={diameterInput}
          type="number"
          min={4}
          max={10_000}
          defaultValue={diameter ?? ''}
          placeholder="draw one (D)"
          onBlur={(event) => {
            const value = event.target.valueAsNumber;
            if (value >= 4 && value !== diameter) {
              labelState.setDiameter(diameter, value, micrograph.id).then(onSet, onError);
            }
          }}
        />
        {diameter !== null && pixelSize !== null && <span>{(diameter * pixelSize).toFixed(0)} Å</span>}
      </label>
      <label className="field">
        Å per pixel
        <input
          key={`size ${pixelSize}`}
          type="number"
          step="any"
          min={0.01}
          max={1000}
          defaultValue={pixelSize ?? ''}
          placeholder="unknown"
          onBlur={(event) => {
            const value = event.target.valueAsNumber;
            if (value >= 0.01 && value !== pixelSize) api.settings({ pixelSize: value }).catch(onError);
          }}
        />
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={micrograph.checked}
          onChange={(event) => api.check(micrograph.id, event.target.checked).catch(onError)}
        />
        All particles of this micrograph are labelled
      </label>
      <h3>Without clicking</h3>
      <div className="buttons">
        <label className="button">
          Import labels
          <input type="file" multiple className="hidden" accept={project.labelEndings.join()} onChange={importFile} />
        </label>
        <button
          type="button"
          disabled={diameter === null}
          title="Pick all micrographs with the general model, which needs no labels: picks to correct, or to take as labels"
          onClick={() => api.start({ kind: 'general', micrograph: null }).then(({ result }) => onSet(result), onError)}
        >
          Find particles
        </button>
        <button
          type="button"
          disabled={set === null}
          title="Picks above the threshold on this micrograph become labels"
          onClick={() => {
            if (set)
              labelState
                .fromPicks(micrograph.id, set, threshold)
                .then((imported) => setSaid(`${counted(imported, 'pick')} added to the labels`), onError);
          }}
        >
          Picks to labels
        </button>
      </div>
      <output>{said}</output>
    </section>
  );
}
