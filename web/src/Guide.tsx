/** One line: how far the work is, and the button for the next step. */

import { counted } from '../../src/core/words.js';
import type { ApiProject } from '../../src/server/api.js';
import { api } from './api.js';
import { ENOUGH } from './panels/LabelPanel.js';
import type { Tool } from './viewer/settings.js';

/** The steps of the work, as tabs. */
export const STEPS = ['Label', 'Train', 'Review', 'Verify', 'Export'] as const;
export type Step = (typeof STEPS)[number];

interface GuideProps {
  readonly project: ApiProject;
  readonly step: Step;
  onStep(step: Step): void;
  onTool(tool: Tool): void;
  onSet(set: string | null): void;
  onError(error: Error): void;
}

export interface Next {
  readonly words: string;
  readonly button: string;
  readonly kind: 'diameter' | 'find' | 'correct' | 'train' | 'pick' | 'review' | 'export';
}

/** Steps whose button is in the panel that is open. */
const IN_PANEL: Partial<Record<Step, Next['kind']>> = { Train: 'train', Export: 'export' };

/** What there is to do next. */
export function nextStep({ diameter, pickSets, models, micrographs }: ApiProject, step: Step): Next {
  const decided = micrographs.reduce((sum, { labels, negatives }) => sum + labels + negatives, 0);
  const labels = micrographs.reduce((sum, one) => sum + one.labels, 0);
  const model = models.at(-1);
  if (diameter === null) return { words: 'The diameter is not set yet', button: 'Draw the diameter', kind: 'diameter' };
  if (pickSets.length === 0 && labels < ENOUGH) {
    return {
      words: `Diameter set, ${labels} of ${ENOUGH} labels`,
      button: 'Find particles on all micrographs',
      kind: 'find',
    };
  }
  if (!model && (decided < ENOUGH || labels < 2)) {
    return { words: `Diameter set, ${decided} of ${ENOUGH} corrections`, button: 'Correct picks', kind: 'correct' };
  }
  if (!model) return { words: counted(decided, 'correction'), button: `Train on ${labels} labels`, kind: 'train' };
  const own = pickSets.find(({ name }) => name === model.name);
  if (!own || own.micrographs < micrographs.length) {
    return { words: `${model.name} is trained`, button: `Pick with ${model.name}`, kind: 'pick' };
  }
  const picked = `${counted(own.particles, 'particle')} on ${counted(own.micrographs, 'micrograph')}`;
  return step === 'Review' || step === 'Verify' || step === 'Export'
    ? { words: picked, button: 'Export', kind: 'export' }
    : { words: picked, button: 'Review picks', kind: 'review' };
}

export function Guide({ project, step, onStep, onTool, onSet, onError }: GuideProps) {
  const next = nextStep(project, step);
  const busy = project.jobs.some(({ state, kind }) => ['waiting', 'running'].includes(state) && kind !== 'classes');
  const model = project.models.at(-1)?.name ?? '';
  const acts: Readonly<Record<Next['kind'], () => void>> = {
    diameter: () => onTool('diameter'),
    find: () => api.start({ kind: 'general', micrograph: null }).then(({ result }) => onSet(result), onError),
    correct: () => onTool('correct'),
    train: () => {
      onStep('Train');
      api.start({ kind: 'train', labels: 'auto', epochs: null, start: 'auto', thenPick: false }).catch(onError);
    },
    pick: () => api.start({ kind: 'pick', model, again: false }).then(() => onSet(model), onError),
    review: () => onStep('Review'),
    export: () => onStep('Export'),
  };
  return (
    <div className="guide">
      <span>{next.words}</span>
      {IN_PANEL[step] !== next.kind && (
        <button type="button" className="primary" disabled={busy} onClick={acts[next.kind]}>
          {next.button}
        </button>
      )}
    </div>
  );
}
