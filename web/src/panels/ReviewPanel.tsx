/** Review: the threshold with what it keeps, and where a look is worth most. */

import { useEffect, useMemo, useState } from 'react';
import { counted } from '../../../src/core/words.js';
import type { ApiEvaluation, ApiProject, ApiScores, ApiWorst } from '../../../src/server/api.js';
import { api, latest } from '../api.js';
import type { LabelState } from '../use-labels.js';
import { Chart } from './Chart.js';
import { NameActions } from './NameActions.js';

interface ReviewPanelProps {
  readonly project: ApiProject;
  readonly set: string | null;
  readonly scores: ApiScores | null;
  readonly threshold: number;
  readonly labelState: LabelState;
  onSet(set: string | null): void;
  onThreshold(threshold: number): void;
  onSelect(id: string): void;
  onError(error: Error): void;
}

const UNIT = [0, 1] as const;
const BAR = 0.02;

/** Micrographs that are named. */
const SHOWN = 8;

export function ReviewPanel(props: ReviewPanelProps) {
  const { project, set, scores, threshold, labelState, onThreshold, onSelect, onError } = props;
  const [worst, setWorst] = useState<readonly ApiWorst[]>([]);
  const version = versionOf(project);
  const [evaluation, setEvaluation] = useState<ApiEvaluation | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another threshold or label makes others the worst.
  useEffect(() => {
    if (set === null) return;
    const stop = latest(api.worst(set), setWorst, onError);
    api.evaluations().then((all) => setEvaluation(all.filter(({ name }) => name === set).at(-1) ?? null), onError);
    return stop;
  }, [set, version, onError]);

  const bars = useMemo(() => barsOf(scores), [scores]);
  const curves = useMemo(() => curvesOf(evaluation), [evaluation]);
  if (set === null || !scores) {
    return (
      <section>
        <h2>Review</h2>
        <p className="hint">There are no picks yet: give the diameter, then Find particles.</p>
      </section>
    );
  }
  const kept = countAt(scores, threshold);
  const micrographs = Object.keys(scores.kept).length;
  return (
    <section>
      <h2>Review</h2>
      <label className="field">
        Threshold
        <input
          type="range"
          min={0.02}
          max={0.99}
          step={0.01}
          value={threshold}
          aria-label="Threshold"
          onChange={(event) => onThreshold(event.target.valueAsNumber)}
          onPointerUp={() => api.threshold(set, threshold).catch(onError)}
          onKeyUp={() => api.threshold(set, threshold).catch(onError)}
        />
        <span className="value">{threshold.toFixed(2)}</span>
      </label>
      <p>
        keeps <strong data-testid="kept">{kept}</strong> particles on {counted(micrographs, 'micrograph')},{' '}
        {(kept / Math.max(1, micrographs)).toFixed(0)} per micrograph
      </p>
      <Chart
        title="Scores of all picks"
        x="score"
        y="picks"
        lines={bars}
        bars={BAR}
        mark={threshold}
        xDomain={UNIT}
        height={120}
      />
      {evaluation && (
        <Chart
          title={`Against ${evaluation.truth}: AP ${evaluation.averagePrecision.toFixed(3)}`}
          x="threshold"
          y="measure"
          lines={curves}
          mark={threshold}
          xDomain={UNIT}
          yDomain={UNIT}
        />
      )}
      <h3>Check these first</h3>
      <ol className="worst">
        {worst
          .filter(({ doubtful }) => doubtful > 0)
          .slice(0, SHOWN)
          .map(({ id, doubtful, picks }) => (
            <li key={id}>
              <button type="button" className="link" onClick={() => onSelect(id)}>
                {id}
              </button>{' '}
              {doubtful} doubtful, {counted(picks, 'pick')}
            </li>
          ))}
      </ol>
      <h3>These picks</h3>
      <NameActions
        {...{ labelState, onError }}
        name={set}
        canRename={!set.startsWith('general-')}
        onName={props.onSet}
      />
    </section>
  );
}

/** Changes with picks, thresholds and labels, not with each step of a training. */
export function versionOf({ pickSets, micrographs, models }: ApiProject): string {
  const labels = micrographs.map(({ labels: some, negatives, checked }) => `${some} ${negatives} ${checked}`);
  return JSON.stringify([pickSets, models.length, labels]);
}

/** Particles that a threshold keeps, over all micrographs. */
export function countAt(scores: ApiScores, threshold: number): number {
  const bin = Math.round(100 * threshold);
  return Object.values(scores.kept).reduce((sum, counts) => sum + counts[bin], 0);
}

function barsOf(scores: ApiScores | null) {
  const counts = scores?.histogram ?? [];
  const points = Array.from({ length: 50 }, (_, i) => ({
    x: i * BAR,
    y: (counts[2 * i] ?? 0) + (counts[2 * i + 1] ?? 0),
  }));
  return [{ label: 'picks', points }];
}

function curvesOf(evaluation: ApiEvaluation | null) {
  const curve = evaluation?.curve ?? [];
  return (['precision', 'recall', 'f2'] as const).map((name) => ({
    label: name === 'f2' ? 'F2' : name,
    points: curve.map((point) => ({ x: point.threshold, y: point[name] })),
  }));
}
