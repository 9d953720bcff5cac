/** The page: micrographs at the left, the micrograph or a gallery in the middle, what to do at the right. */

import { useCallback, useEffect, useState } from 'react';
import type {
  ApiGalleryItem,
  ApiMicrograph,
  ApiMicrographDetail,
  ApiPick,
  ApiPoint,
  ApiScores,
} from '../../src/server/api.js';
import { api, latest } from './api.js';
import { KeyHelp } from './KeyHelp.js';
import { usePageKeys } from './keys.js';
import { MicrographList } from './MicrographList.js';
import { ExportPanel } from './panels/ExportPanel.js';
import { Gallery } from './panels/Gallery.js';
import { RunningJobs } from './panels/Jobs.js';
import { LabelPanel } from './panels/LabelPanel.js';
import { ReviewPanel } from './panels/ReviewPanel.js';
import { TrainPanel } from './panels/TrainPanel.js';
import { VerifyPanel } from './panels/VerifyPanel.js';
import { useLabels } from './use-labels.js';
import { useProject } from './use-project.js';
import { FIRST_DISPLAY, type Tool } from './viewer/settings.js';
import { Toolbar } from './viewer/Toolbar.js';
import { scoreMapAddress, Viewer } from './viewer/Viewer.js';

/** Counts over all micrographs are fetched once decisions pause for so long. */
const SETTLE_MS = 300;

const STEPS = ['Label', 'Train', 'Review', 'Verify', 'Export'] as const;
type Step = (typeof STEPS)[number];
type Middle = 'micrograph' | 'gallery' | 'doubtful';

const MIDDLES: readonly (readonly [Middle, string])[] = [
  ['micrograph', 'Micrograph'],
  ['gallery', 'Gallery'],
  ['doubtful', 'Doubtful picks'],
];

export function App() {
  const [error, setError] = useState<string | null>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const [detail, setDetail] = useState<ApiMicrographDetail | null>(null);
  const [step, setStep] = useState<Step>('Label');
  const [middle, setMiddle] = useState<Middle>('micrograph');
  const [tool, setTool] = useState<Tool>('particle');
  const [eraser, setEraser] = useState(100);
  const [help, setHelp] = useState(false);
  const [display, setDisplay] = useState(FIRST_DISPLAY);
  const [chosenSet, setChosenSet] = useState<string | null>(null);
  const [picks, setPicks] = useState<readonly ApiPick[]>([]);
  const [scores, setScores] = useState<ApiScores | null>(null);
  const [moved, setMoved] = useState<{ readonly set: string; readonly threshold: number } | null>(null);
  const [target, setTarget] = useState<{ readonly id: string; readonly place: ApiPoint } | null>(null);
  const onError = useCallback((cause: Error) => setError(cause.message), []);
  const showMicrograph = useCallback((id: string) => {
    setTarget(null);
    setCurrent(id);
    setMiddle('micrograph');
  }, []);
  const labelState = useLabels(current, onError, showMicrograph);
  const { project, connected, picksChanged } = useProject((event) => {
    if (event.kind === 'labels') labelState.take(event.labels);
  });

  const sets = project?.pickSets ?? [];
  const set = sets.find(({ name }) => name === chosenSet)?.name ?? sets.at(-1)?.name ?? null;
  const kept = sets.find(({ name }) => name === set)?.threshold ?? 0.5;
  const threshold = moved && moved.set === set ? moved.threshold : kept;
  const micrograph = project?.micrographs.find(({ id }) => id === current) ?? null;

  useEffect(() => {
    if (current === null && project?.micrographs[0]) setCurrent(project.micrographs[0].id);
  }, [project, current]);

  useEffect(() => {
    setDetail(null);
    setPicks([]);
    if (current === null) return;
    return latest(api.micrograph(current), setDetail, onError);
  }, [current, onError]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `picksChanged` counts the changes.
  useEffect(() => {
    if (set === null || current === null) return setPicks([]);
    return latest(api.picks(set, current), setPicks, onError);
  }, [set, current, picksChanged, labelState.labels, onError]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `picksChanged` counts the changes.
  useEffect(() => {
    if (set === null) return setScores(null);
    let stop = () => {};
    const timer = setTimeout(() => {
      stop = latest(api.scores(set), setScores, onError);
    }, SETTLE_MS);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [set, picksChanged, labelState.labels, onError]);

  const go = (by: 1 | -1) => {
    const ids = project?.micrographs.map(({ id }) => id) ?? [];
    const next = ids[ids.indexOf(current ?? '') + by];
    if (next) showMicrograph(next);
  };
  usePageKeys(
    {
      next: () => go(1),
      previous: () => go(-1),
      unlabelled: () => {
        const next = nextUnlabelled(project?.micrographs ?? [], current);
        if (next) showMicrograph(next);
      },
      undo: labelState.undo,
      redo: labelState.redo,
      help: () => setHelp(true),
    },
    setTool,
  );

  function show({ id, ...place }: ApiGalleryItem): void {
    setMiddle('micrograph');
    setCurrent(id);
    setTarget({ id, place });
  }

  if (!project) return <p className="loading">{connected ? 'Loading…' : 'The server cannot be reached.'}</p>;
  const diameter = project.diameter;
  const shared = { project, set, threshold, onError };
  return (
    <div className={`app ${step}`}>
      <header>
        <h1 title={`deepem ${project.version}, ${project.folder}`}>
          deepem <span>{project.name}</span>
        </h1>
        <div className="tabs" role="tablist" aria-label="Steps">
          {STEPS.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`tab-${name}`}
              aria-selected={step === name}
              aria-controls="panel"
              onClick={() => setStep(name)}
            >
              {name}
            </button>
          ))}
        </div>
        <RunningJobs jobs={project.jobs} />
        {labelState.unsaved > 0 && (
          <output className="unsaved" title="The server does not answer; they are sent again until it does">
            not saved yet: {labelState.unsaved}
          </output>
        )}
        {sets.length > 0 && (
          <label>
            picks of
            <select value={set ?? ''} onChange={(event) => setChosenSet(event.target.value)}>
              {sets.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        <ThemeButton />
      </header>
      {!connected && (
        <p className="banner">The server cannot be reached. What was saved is safe; this page waits for it.</p>
      )}
      {error && (
        <p className="banner" role="alert">
          {error}{' '}
          <button type="button" onClick={() => setError(null)}>
            Close
          </button>
        </p>
      )}
      <MicrographList
        micrographs={project.micrographs}
        current={current}
        picksOf={(id) => scores?.kept[id]?.[Math.round(100 * threshold)]}
        onSelect={showMicrograph}
        onRefresh={() => api.refresh().catch(onError)}
      />
      <main>
        <div className="switch">
          {MIDDLES.map(([name, words]) => (
            <button
              key={name}
              type="button"
              aria-pressed={middle === name}
              disabled={name !== 'micrograph' && set === null}
              onClick={() => setMiddle(name)}
            >
              {words}
            </button>
          ))}
        </div>
        {middle === 'micrograph' && (
          <Toolbar
            {...{ tool, display, eraser }}
            unit={project.pixelSize === null ? 'px' : 'Å'}
            canUndo={labelState.canUndo}
            canRedo={labelState.canRedo}
            onTool={setTool}
            onDisplay={setDisplay}
            onEraser={setEraser}
            onUndo={labelState.undo}
            onRedo={labelState.redo}
            canDenoise={diameter !== null}
            onHelp={() => setHelp(true)}
          />
        )}
        {middle === 'micrograph' && detail?.id === current && (
          <Viewer
            {...{ detail, display, tool, eraser, diameter, labelState, picks, threshold }}
            scoreMap={set === null ? null : scoreMapAddress(set, detail.id)}
            target={target?.id === detail.id ? target.place : null}
            onError={onError}
            onDiameter={(drawn) => {
              labelState.setDiameter(diameter, drawn, detail.id).then(setChosenSet, onError);
              setTool('particle');
            }}
          />
        )}
        {middle !== 'micrograph' && set !== null && (
          <Gallery
            order={middle === 'gallery' ? 'score' : 'doubtful'}
            diameter={diameter ?? 100}
            version={`${picksChanged} ${kept}`}
            onShow={show}
            onDecide={labelState.decide}
            {...{ set, onError }}
          />
        )}
      </main>
      {help && <KeyHelp onClose={() => setHelp(false)} />}
      <aside>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached from the keyboard. */}
        <div id="panel" role="tabpanel" aria-labelledby={`tab-${step}`} tabIndex={0}>
          {step === 'Label' && micrograph && (
            <LabelPanel micrograph={micrograph} labelState={labelState} onSet={setChosenSet} {...shared} />
          )}
          {step === 'Train' && <TrainPanel project={project} onPicked={setChosenSet} onError={onError} />}
          {step === 'Review' && (
            <ReviewPanel
              scores={scores}
              onThreshold={(value) => set && setMoved({ set, threshold: value })}
              onSelect={showMicrograph}
              {...shared}
            />
          )}
          {step === 'Verify' && <VerifyPanel {...shared} />}
          {step === 'Export' && <ExportPanel {...shared} />}
        </div>
      </aside>
    </div>
  );
}

/** The next micrograph without labels that nobody has looked at, from the first again after the last; null: there is none. */
function nextUnlabelled(micrographs: readonly ApiMicrograph[], current: string | null): string | null {
  const at = micrographs.findIndex(({ id }) => id === current);
  const order = [...micrographs.slice(at + 1), ...micrographs.slice(0, at + 1)];
  const isOpen = ({ labels, negatives, checked, failed }: ApiMicrograph) =>
    labels + negatives === 0 && !checked && failed === null;
  return order.find(isOpen)?.id ?? null;
}

/** Light or dark; as the system has it until a person chooses. */
function ThemeButton() {
  const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }, [dark]);
  return (
    <button type="button" onClick={() => setDark(!dark)}>
      {dark ? 'Light' : 'Dark'}
    </button>
  );
}
