/** 2D classes: an average each, with what is known of it; a class is kept or rejected as a whole, or member by member. */

import { type KeyboardEvent, useEffect, useState } from 'react';
import { counted } from '../../../src/core/words.js';
import type { ApiClass, Decision } from '../../../src/server/api.js';
import { address, api, latest } from '../api.js';
import { GALLERY_KEYS, nameOf } from '../keys.js';
import { DECISIONS } from './Gallery.js';

interface ClassGridProps {
  readonly set: string;
  /** Changes with the classes, and with decisions about their members. */
  readonly version: string;
  onDecide(number: number, decision: Decision): void;
  onMembers(number: number): void;
  onError(error: Error): void;
}

/** Mean score from which on the model is sure of a class. */
const SURE = 0.9;

export function ClassGrid({ set, version, onDecide, onMembers, onError }: ClassGridProps) {
  const [classes, setClasses] = useState<readonly ApiClass[] | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version has other classes, or other decisions.
  useEffect(() => latest(api.classes(set), setClasses, onError), [set, version, onError]);
  if (!classes) return null;
  const doubtful = classes.filter((one) => fateOf(one) === 'rejected' && (one.score ?? 0) >= SURE);
  return (
    <>
      <p className="hint">
        A keeps a class, R rejects it, U takes that back, Enter shows its members. The next training learns from kept
        and rejected members.
      </p>
      <ul className="grid" aria-label="Classes">
        {classes.map((one) => (
          <ClassTile
            key={one.number}
            {...{ one, onDecide, onMembers }}
            picture={address('api/class-average', { set, number: one.number, at: version })}
          />
        ))}
      </ul>
      {doubtful.length > 0 && (
        <p className="hint" role="status">
          The model is sure of the members of {doubtful.map(({ number }) => `class ${number}`).join(', ')}, which you
          rejected. Look at some of them before you train.
        </p>
      )}
    </>
  );
}

/** What a person decided about most members. */
function fateOf({ particles, accepted, rejected }: ApiClass): Decision {
  if (2 * accepted > particles) return 'accepted';
  return 2 * rejected > particles ? 'rejected' : null;
}

interface ClassTileProps extends Pick<ClassGridProps, 'onDecide' | 'onMembers'> {
  readonly one: ApiClass;
  readonly picture: string;
}

function ClassTile({ one, picture, onDecide, onMembers }: ClassTileProps) {
  const { number, particles, agreement, score, accepted, rejected } = one;
  const fate = fateOf(one);
  const keyed = (event: KeyboardEvent) => {
    const name = event.target === event.currentTarget ? nameOf(GALLERY_KEYS, event) : undefined;
    if (name === 'show') onMembers(number);
    else if (name) onDecide(number, DECISIONS[name]);
  };
  const decide = (decision: Decision) => onDecide(number, fate === decision ? null : decision);
  const words = [
    `agreement ${agreement.toFixed(2)}`,
    ...(score === null ? [] : [`score ${score.toFixed(2)}`]),
    ...(accepted > 0 ? [`${accepted} kept`] : []),
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
  ];
  return (
    <li
      className={`tile class ${fate ?? ''}`}
      aria-label={`Class ${number}, ${counted(particles, 'particle')}, ${words.join(', ')}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys decide about it.
      tabIndex={0}
      onKeyDown={keyed}
    >
      <button type="button" className="picture" onClick={() => onMembers(number)} title="Show its members">
        <img alt={`Average of class ${number}`} src={picture} />
      </button>
      <strong>
        {number}: {counted(particles, 'particle')}
      </strong>
      {words.map((word) => (
        <span key={word}>{word}</span>
      ))}
      <span className="buttons">
        <button type="button" aria-pressed={fate === 'accepted'} onClick={() => decide('accepted')}>
          Keep
        </button>
        <button type="button" aria-pressed={fate === 'rejected'} onClick={() => decide('rejected')}>
          Reject
        </button>
      </span>
    </li>
  );
}
