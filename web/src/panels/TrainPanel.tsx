/** Training: one button, what it is doing, what came out, and what that means. */

import { type ReactNode, useEffect, useState } from 'react';
import { counted } from '../../../src/core/words.js';
import type { ApiEvaluation, ApiJob, ApiJobRequest, ApiModel, ApiProject } from '../../../src/server/api.js';
import { api } from '../api.js';
import type { LabelState } from '../use-labels.js';
import { Chart } from './Chart.js';
import { JobCard } from './Jobs.js';
import { NameActions } from './NameActions.js';
import { versionOf } from './ReviewPanel.js';

interface TrainPanelProps {
  readonly project: ApiProject;
  readonly labelState: LabelState;
  onPicked(set: string): void;
  onError(error: Error): void;
}

const UNIT = [0, 1] as const;

/** Whether all particles of the labelled micrographs are labelled. */
type Completeness = Extract<ApiJobRequest, { kind: 'train' }>['labels'];

export function TrainPanel({ project, labelState, onPicked, onError }: TrainPanelProps) {
  const [labels, setLabels] = useState<Completeness>('auto');
  const [evaluations, setEvaluations] = useState<readonly ApiEvaluation[]>([]);
  const total = project.micrographs.reduce((sum, micrograph) => sum + micrograph.labels, 0);
  const job = project.jobs.filter(({ kind }) => kind === 'train').at(-1);
  const busy = job && ['waiting', 'running'].includes(job.state);
  const missing =
    project.diameter === null ? 'Draw or type the diameter first.' : total < 2 ? 'Label some particles first.' : '';

  // biome-ignore lint/correctness/useExhaustiveDependencies: new models and picks bring new curves.
  useEffect(() => {
    api.evaluations().then(setEvaluations, onError);
  }, [versionOf(project), onError]);

  return (
    <section>
      <h2>Train</h2>
      <label className="field">
        Labels
        <select value={labels} onChange={(event) => setLabels(event.target.value as Completeness)}>
          <option value="auto">check whether all particles are labelled</option>
          <option value="complete">all particles are labelled</option>
          <option value="incomplete">some particles have no label</option>
        </select>
      </label>
      <div className="buttons">
        <button
          type="button"
          className={project.models.length === 0 ? 'primary' : ''}
          disabled={missing !== '' || busy}
          onClick={() =>
            api.start({ kind: 'train', labels, epochs: null, start: 'auto', thenPick: false }).catch(onError)
          }
        >
          Train on {total} labels
        </button>
      </div>
      {missing && <p className="hint">{missing}</p>}
      {project.cutOff.map(({ name, running }) => (
        <article key={name} className="card" aria-label={`Training of ${name}`}>
          <p>
            {running
              ? `The training of ${name} still runs, although the server that started it has ended.`
              : `The training of ${name} was interrupted. The epochs it finished are kept.`}
          </p>
          {!running && (
            <button type="button" disabled={busy} onClick={() => api.resume(name).catch(onError)}>
              Resume {name}
            </button>
          )}
        </article>
      ))}
      {job && <TrainingCurves job={job} />}
      {[...project.models].reverse().map((model) => (
        <ModelCard
          key={model.name}
          model={model}
          picked={project.pickSets.some(({ name }) => name === model.name)}
          onPick={(again) =>
            api.start({ kind: 'pick', model: model.name, again }).then(() => onPicked(model.name), onError)
          }
        >
          <NameActions
            {...{ labelState, onError }}
            name={model.name}
            canRename
            onName={(name) => name !== null && onPicked(name)}
          />
        </ModelCard>
      ))}
      {evaluations.length > 0 && <Comparison evaluations={evaluations} />}
    </section>
  );
}

function TrainingCurves({ job }: { readonly job: ApiJob }) {
  const loss = [{ label: 'loss', points: job.losses.map(({ step, loss: y }) => ({ x: step, y })) }];
  const curve = (key: 'accuracy' | 'chance') =>
    job.epochs.flatMap(({ epoch, [key]: y }) => (y === null ? [] : [{ x: epoch, y }]));
  const held = curve('accuracy');
  return (
    <>
      <JobCard job={job} stop="Stop here" />
      {job.losses.length > 1 && <Chart title="Loss" x="step" y="loss" lines={loss} height={120} />}
      {held.length > 0 && (
        <Chart
          title="Held-out accuracy"
          x="epoch"
          y="share right"
          lines={[
            { label: 'held out', points: held },
            { label: 'by chance', points: curve('chance') },
          ]}
          height={120}
        />
      )}
      {job.epochs.length > 0 && held.length === 0 && (
        <p className="hint">Too few labels to keep some for testing: the training uses all of them.</p>
      )}
    </>
  );
}

interface ModelCardProps {
  readonly model: ApiModel;
  readonly picked: boolean;
  onPick(again: boolean): void;
  readonly children: ReactNode;
}

/** How places without a label were taken. */
const OBJECTIVES: Readonly<Record<ApiModel['objective'], string>> = {
  'positive-negative': 'Places without a label were taken as background.',
  'positive-unlabelled': 'Some particles have no label, so unlabelled places were not taken as background.',
  'labelled-unlabelled':
    'Few particles are labelled: a short training separated the labelled places from everything else.',
};

function ModelCard({ model, picked, onPick, children }: ModelCardProps) {
  const { labels, thresholds, accuracy, chance, calibrationError } = model;
  return (
    <article className="card" aria-label={`Model ${model.name}`}>
      <h3>{model.name}</h3>
      <p>
        Trained on {counted(labels.positives, 'label')} of {counted(labels.micrographs, 'micrograph')}
        {labels.heldOutPositives > 0 && `, tested on ${labels.heldOutPositives} others`}. Network {model.network},
        binning {Number(model.binning.toFixed(2))}, {counted(model.epochs, 'epoch')}.
      </p>
      <p>{OBJECTIVES[model.objective]}</p>
      {accuracy !== null && (
        <p>
          {(100 * accuracy).toFixed(1)} % of the test boxes are right
          {chance !== null && ` (by chance: ${(100 * chance).toFixed(1)} %)`}.
        </p>
      )}
      {thresholds && (
        <p>
          Threshold with the best F2 {thresholds.f2.threshold.toFixed(2)} (misses few), with the best F1{' '}
          {thresholds.f1.threshold.toFixed(2)} (balanced).
        </p>
      )}
      {calibrationError !== null && (
        <p>
          A score is the probability of a particle, with an average error of {(100 * calibrationError).toFixed(1)} %.
        </p>
      )}
      <div className="buttons">
        <button type="button" onClick={() => onPick(false)}>
          {picked ? 'Pick new micrographs' : 'Pick all micrographs'}
        </button>
        {picked && (
          <button
            type="button"
            title="Also micrographs that were picked before, for example after a change of the pixel size"
            onClick={() => onPick(true)}
          >
            Pick again
          </button>
        )}
      </div>
      {children}
    </article>
  );
}

function Comparison({ evaluations }: { readonly evaluations: readonly ApiEvaluation[] }) {
  const lines = evaluations.map(({ name, truth, curve }) => ({
    label: `${name} (${truth})`,
    points: curve.map(({ recall, precision }) => ({ x: recall, y: precision })),
  }));
  return (
    <>
      <h3>How good the models are</h3>
      <Chart title="Precision and recall" x="recall" y="precision" lines={lines} xDomain={UNIT} yDomain={UNIT} />
      <table>
        <thead>
          <tr>
            <th scope="col">picks</th>
            <th scope="col">held against</th>
            <th scope="col">AP</th>
            <th scope="col">F1</th>
          </tr>
        </thead>
        <tbody>
          {evaluations.map(({ name, truth, averagePrecision, bestF1 }) => (
            <tr key={`${name} ${truth}`}>
              <td>{name}</td>
              <td>{truth}</td>
              <td>{averagePrecision.toFixed(3)}</td>
              <td>{bestF1.toFixed(3)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
