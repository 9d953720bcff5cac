/** The middle of the page: a micrograph with its tools, or picks as a gallery. */

import { useState } from 'react';
import type { ApiGalleryItem, ApiMicrograph, ApiPoint, ApiProject } from '../../src/server/api.js';
import { api } from './api.js';
import { Gallery, type GalleryList } from './panels/Gallery.js';
import { Mosaic } from './panels/Mosaic.js';
import { TableSight } from './panels/TableSight.js';
import type { Spot } from './use-address.js';
import type { LabelState } from './use-labels.js';
import { useMicrograph } from './use-micrograph.js';
import type { PickState } from './use-picks.js';
import { type Covers, FIRST_DISPLAY, type Tool } from './viewer/settings.js';
import { Toolbar } from './viewer/Toolbar.js';
import { scoreMapAddress, Viewer } from './viewer/Viewer.js';

/** What the middle shows. */
export type Sight = 'micrograph' | 'gallery' | 'doubtful' | 'mosaic' | 'table' | 'members';

/** What can always be chosen; the members of a class are shown from the classes. */
export const SIGHTS: readonly (readonly [Sight, string])[] = [
  ['micrograph', 'Micrograph'],
  ['gallery', 'Gallery'],
  ['doubtful', 'Doubtful picks'],
  ['mosaic', 'Mosaic'],
  ['table', 'Table'],
];
/** Side of what the gallery shows where the diameter is not known, in pixels. */
const UNKNOWN_DIAMETER = 100;

interface MiddleProps {
  readonly project: ApiProject;
  readonly current: string | null;
  readonly sight: Sight;
  /** The micrographs of the list, in its order. */
  readonly shown: readonly ApiMicrograph[];
  /** The class whose members are shown. */
  readonly members: number | null;
  readonly tool: Tool;
  readonly labelState: LabelState;
  readonly pickState: PickState;
  /** Changes when there are other picks or another threshold. */
  readonly version: string;
  /** A place on the micrograph that is to be shown. */
  readonly target: ApiPoint | null;
  /** What of the first micrograph is shown at first; null: all. */
  readonly first: Spot | null;
  onSpot(spot: Spot | null): void;
  onSight(sight: Sight): void;
  onTool(tool: Tool): void;
  onHelp(): void;
  onShow(item: ApiGalleryItem): void;
  onSelect(id: string): void;
  onError(error: Error): void;
}

export function Middle(props: MiddleProps) {
  const { project, sight, members, labelState, pickState, onError } = props;
  const { set } = pickState;
  const list = set === null ? null : listOf(sight, set, members);
  return (
    <main>
      <div className="switch">
        {SIGHTS.map(([name, words]) => (
          <button
            key={name}
            type="button"
            aria-pressed={sight === name}
            disabled={(name === 'gallery' || name === 'doubtful') && set === null}
            onClick={() => props.onSight(name)}
          >
            {words}
          </button>
        ))}
        {sight === 'members' && members !== null && (
          <button type="button" aria-pressed={true}>
            Class {members}
          </button>
        )}
      </div>
      {/* Hidden, not removed: zoom, place and display stay as they are while the gallery is looked at. */}
      <div className="sight" hidden={list !== null || sight === 'table' || sight === 'mosaic'}>
        <MicrographSight {...props} />
      </div>
      {sight === 'mosaic' && (
        <Mosaic
          micrographs={props.shown}
          picksOf={pickState.picksOf}
          current={props.current}
          onSelect={props.onSelect}
        />
      )}
      {sight === 'table' && (
        <TableSight
          {...{ project, set, labelState, onError }}
          current={props.current}
          version={props.version}
          onSelect={props.onSelect}
        />
      )}
      {list && (
        <Gallery
          diameter={project.diameter ?? UNKNOWN_DIAMETER}
          version={props.version}
          onShow={props.onShow}
          onDecide={labelState.decide}
          {...{ list, onError }}
        />
      )}
    </main>
  );
}

/** The gallery of a sight; null where the micrograph is shown. */
function listOf(sight: Sight, set: string, members: number | null): GalleryList | null {
  if (sight === 'micrograph' || sight === 'table' || sight === 'mosaic' || (sight === 'members' && members === null))
    return null;
  if (sight === 'members' && members !== null) {
    return {
      ...{ name: `Members of class ${members}`, key: `${set} class ${members}`, first: 0 },
      load: (offset, limit) => api.classMembers(set, members, offset ?? 0, limit),
    };
  }
  const order = sight === 'gallery' ? 'score' : 'doubtful';
  return {
    ...{ name: order === 'score' ? 'Picks' : 'Doubtful picks', key: `${set} ${order}` },
    first: order === 'score' ? 0 : null,
    load: (offset, limit) => api.gallery(set, order, offset, limit),
  };
}

function MicrographSight(props: MiddleProps) {
  const { project, current, tool, labelState, pickState, target, onTool, onHelp, onError } = props;
  const [eraser, setEraser] = useState(100);
  const [covers, setCovers] = useState<Covers>('rejects');
  const [display, setDisplay] = useState(FIRST_DISPLAY);
  const { detail, failed } = useMicrograph(current);
  const { diameter } = project;
  const { set, picks, threshold } = pickState;
  return (
    <>
      <Toolbar
        {...{ tool, display, eraser, covers, onTool, onHelp }}
        onCovers={setCovers}
        unit={project.pixelSize === null ? 'px' : 'Å'}
        canDenoise={diameter !== null}
        canUndo={labelState.canUndo}
        canRedo={labelState.canRedo}
        onDisplay={setDisplay}
        onEraser={setEraser}
        onUndo={labelState.undo}
        onRedo={labelState.redo}
      />
      {project.micrographs.length === 0 && (
        <p className="loading">No micrographs in {project.folder} yet. They appear here as soon as there are some.</p>
      )}
      {failed !== null && (
        <p className="unreadable" role="alert">
          {failed}
        </p>
      )}
      {detail && (
        <Viewer
          {...{ detail, display, tool, eraser, covers, diameter, labelState, picks, threshold, target, onError }}
          other={pickState.other?.picks ?? null}
          first={props.first}
          onSpot={props.onSpot}
          scoreMap={set === null ? null : scoreMapAddress(set, detail.id)}
          onDiameter={(drawn) => {
            labelState.setDiameter(diameter, drawn, detail.id).then(pickState.choose, onError);
            onTool('particle');
          }}
        />
      )}
    </>
  );
}
