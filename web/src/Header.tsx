/** The head of the page: steps, what runs, which picks are shown. */

import { useEffect, useState } from 'react';
import type { ApiProject } from '../../src/server/api.js';
import { STEPS, type Step } from './Guide.js';
import { RunningJobs } from './panels/Jobs.js';
import type { PanelName, Panels } from './use-panels.js';
import type { PickState } from './use-picks.js';

interface HeaderProps {
  readonly project: ApiProject;
  readonly step: Step;
  readonly pickState: PickState;
  /** Changes that the server does not have yet. */
  readonly unsaved: number;
  readonly panels: Panels;
  onStep(step: Step): void;
  onPanel(name: PanelName, open: boolean): void;
}

export function Header({ project, step, pickState, unsaved, panels, onStep, onPanel }: HeaderProps) {
  const fold = (name: PanelName, words: string) => (
    <button
      type="button"
      aria-expanded={panels[name].open}
      title={panels[name].open ? `Hide the ${words}` : `Show the ${words}`}
      onClick={() => onPanel(name, !panels[name].open)}
    >
      {name === 'list' ? '☰' : '◨'}
      <span className="hidden">{words}</span>
    </button>
  );
  return (
    <header>
      {fold('list', 'list of micrographs')}
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
            onClick={() => {
              onStep(name);
              onPanel('panel', true);
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <RunningJobs jobs={project.jobs} />
      {unsaved > 0 && (
        <output className="unsaved" title="The server does not answer; they are sent again until it does">
          not saved yet: {unsaved}
        </output>
      )}
      {project.pickSets.length > 0 && (
        <label>
          picks of{' '}
          <select value={pickState.set ?? ''} onChange={(event) => pickState.choose(event.target.value)}>
            {project.pickSets.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      {project.pickSets.length > 1 && (
        <label>
          compared with{' '}
          <select
            value={pickState.other?.set ?? ''}
            onChange={(event) => pickState.compareWith(event.target.value || null)}
          >
            <option value="">none</option>
            {project.pickSets
              .filter(({ name }) => name !== pickState.set)
              .map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
          </select>
        </label>
      )}
      <ThemeButton />
      {fold('panel', 'panel')}
    </header>
  );
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
