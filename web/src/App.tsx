/** The page: micrographs at the left, the micrograph or a gallery in the middle, what to do at the right. */

import { type CSSProperties, useCallback, useEffect, useState } from 'react';
import type { ApiGalleryItem, ApiMicrograph, ApiPoint, ApiProject } from '../../src/server/api.js';
import { api } from './api.js';
import { Divider } from './Divider.js';
import { Guide, type STEPS, type Step } from './Guide.js';
import { Header } from './Header.js';
import { KeyHelp } from './KeyHelp.js';
import { usePageKeys } from './keys.js';
import { MicrographList } from './MicrographList.js';
import { Middle, type Sight } from './Middle.js';
import { Notices } from './Notices.js';
import { ExportPanel } from './panels/ExportPanel.js';
import { LabelPanel } from './panels/LabelPanel.js';
import { ReviewPanel } from './panels/ReviewPanel.js';
import { TrainPanel } from './panels/TrainPanel.js';
import { VerifyPanel } from './panels/VerifyPanel.js';
import { readAddress, useAddress } from './use-address.js';
import { type LabelState, useLabels } from './use-labels.js';
import { neighbour, nextUnlabelled, useOrder } from './use-order.js';
import { usePanels } from './use-panels.js';
import { type PickState, usePicks } from './use-picks.js';
import { useProject } from './use-project.js';
import type { Tool } from './viewer/settings.js';

const NO_MICROGRAPHS: readonly ApiMicrograph[] = [];

export function App() {
  const [first] = useState(readAddress);
  const [error, setError] = useState<string | null>(null);
  const [current, setCurrent] = useState(first.micrograph);
  const [step, setStep] = useState<Step>(first.step);
  const [sight, setSight] = useState<Sight>(first.sight);
  const [members, setMembers] = useState(first.members);
  const [spot, setSpot] = useState(first.spot);
  const { panels, change } = usePanels();
  const [tool, setTool] = useState<Tool>('particle');
  const [help, setHelp] = useState(false);
  const [target, setTarget] = useState<{ readonly id: string; readonly place: ApiPoint } | null>(null);
  const onError = useCallback((cause: Error) => setError(cause.message), []);
  const showMicrograph = useCallback((id: string) => {
    setTarget(null);
    setCurrent(id);
    setSight('micrograph');
  }, []);
  const labelState = useLabels(current, onError, showMicrograph);
  const { project, connected, picksChanged, masksChanged } = useProject((event) => {
    if (event.kind === 'labels') labelState.take(event.labels);
    if (event.kind === 'mask') labelState.takeMask(event.mask);
  }, labelState.refresh);
  const pickState = usePicks(project, current, [picksChanged, labelState.labels, masksChanged], first.set, onError);
  const orderState = useOrder(project?.micrographs ?? NO_MICROGRAPHS, pickState.picksOf, first.wanted);
  useAddress({ micrograph: current, step, sight, members, set: pickState.set, wanted: orderState.wanted, spot });

  useEffect(() => {
    const known = project?.micrographs.some(({ id }) => id === current) ?? true;
    if (!known) setCurrent(project?.micrographs[0]?.id ?? null);
  }, [project, current]);

  const goTo = (id: string | null) => {
    if (id) showMicrograph(id);
  };
  usePageKeys(
    {
      next: () => goTo(neighbour(orderState.shown, current, 1)),
      previous: () => goTo(neighbour(orderState.shown, current, -1)),
      unlabelled: () => goTo(nextUnlabelled(orderState.shown, current)),
      undo: labelState.undo,
      redo: labelState.redo,
      help: () => setHelp(true),
    },
    setTool,
  );

  if (!project) return <p className="loading">{connected ? 'Loading…' : 'The server cannot be reached.'}</p>;
  const showItem = ({ id, ...place }: ApiGalleryItem) => {
    showMicrograph(id);
    setTarget({ id, place });
  };
  return (
    <div
      className={`app ${step}`}
      style={{ '--list': widthOf(panels.list), '--panel': widthOf(panels.panel) } as CSSProperties}
    >
      <Header
        {...{ project, step, pickState, panels }}
        unsaved={labelState.unsaved}
        onStep={setStep}
        onPanel={(name, open) => change(name, { open })}
      />
      <Notices {...{ connected, error }} jobs={project.jobs} onRead={() => setError(null)} />
      {panels.list.open && (
        <MicrographList
          micrographs={project.micrographs}
          {...{ orderState, current }}
          picksOf={pickState.picksOf}
          onSelect={showMicrograph}
          onRefresh={() => api.refresh().catch(onError)}
        >
          <Divider
            name="Width of the list"
            side="left"
            width={panels.list.width}
            onWidth={(width) => change('list', { width })}
          />
        </MicrographList>
      )}
      <Middle
        {...{ project, current, sight, members, tool, labelState, pickState, onError }}
        version={`${picksChanged} ${masksChanged} ${pickState.kept}`}
        target={target?.id === current ? target.place : null}
        first={first.spot}
        onSpot={setSpot}
        onSight={setSight}
        onTool={setTool}
        onHelp={() => setHelp(true)}
        onShow={showItem}
        onSelect={showMicrograph}
        shown={orderState.shown}
      />
      {help && <KeyHelp onClose={() => setHelp(false)} />}
      <aside hidden={!panels.panel.open}>
        <Divider
          name="Width of the panel"
          side="right"
          width={panels.panel.width}
          onWidth={(width) => change('panel', { width })}
        />
        <Guide
          {...{ project, step, onError }}
          onStep={setStep}
          onTool={(wanted) => {
            setSight('micrograph');
            setTool(wanted);
          }}
          onSet={pickState.choose}
        />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached from the keyboard. */}
        <div id="panel" role="tabpanel" aria-labelledby={`tab-${step}`} tabIndex={0}>
          <Panel
            {...{ project, current, step, labelState, pickState, onError }}
            onSelect={showMicrograph}
            onMembers={(number) => {
              setMembers(number);
              setSight('members');
            }}
          />
        </div>
      </aside>
    </div>
  );
}

function widthOf({ open, width }: { readonly open: boolean; readonly width: number }): string {
  return open ? `${width}px` : '0px';
}

interface PanelProps {
  readonly project: ApiProject;
  readonly current: string | null;
  readonly step: (typeof STEPS)[number];
  readonly labelState: LabelState;
  readonly pickState: PickState;
  onSelect(id: string): void;
  onMembers(number: number): void;
  onError(error: Error): void;
}

function Panel({ project, current, step, labelState, pickState, onSelect, onMembers, onError }: PanelProps) {
  const { set, threshold, scores, choose, move } = pickState;
  const shared = { project, set, threshold, onError };
  const micrograph = project.micrographs.find(({ id }) => id === current);
  switch (step) {
    case 'Label':
      return micrograph ? (
        <LabelPanel micrograph={micrograph} labelState={labelState} onSet={choose} {...shared} />
      ) : null;
    case 'Train':
      return <TrainPanel {...{ project, labelState, onError }} onPicked={choose} />;
    case 'Review':
      return <ReviewPanel {...{ scores, labelState, onSelect }} onThreshold={move} onSet={choose} {...shared} />;
    case 'Verify':
      return <VerifyPanel {...{ labelState, onMembers }} onPicked={choose} {...shared} />;
    case 'Export':
      return <ExportPanel {...shared} />;
  }
}
