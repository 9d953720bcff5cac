/** What the marks mean. */

import type { ReactNode } from 'react';
import { css, MARK_COLOURS, scoreColour } from './palette.js';

const STEPS = [0, 0.25, 0.5, 0.75, 1];

/** @param compares - whether two sets of picks are held against each other */
export function Legend({ compares }: { readonly compares: boolean }) {
  const gradient = STEPS.map((score) => css(scoreColour(score))).join(', ');
  return (
    <details className="legend">
      <summary>Legend</summary>
      <ul>
        <Entry mark={<circle cx="10" cy="10" r="8" stroke={css(scoreColour(0.8))} />}>
          {compares ? 'picked by both, coloured by score' : 'pick, coloured by score'}
          <span className="scores" style={{ background: `linear-gradient(to right, ${gradient})` }} />
          <span className="ends">
            <span>0</span>
            <span>1</span>
          </span>
        </Entry>
        {compares && (
          <>
            <Entry mark={<path d="M10 1 19 10 10 19 1 10Z" stroke={css(MARK_COLOURS.onlyOwn)} />}>
              only in the picks that are shown
            </Entry>
            <Entry mark={<path d="M10 2 18 16 2 16Z" stroke={css(MARK_COLOURS.onlyOther)} />}>
              only in those they are compared with
            </Entry>
          </>
        )}
        <Entry mark={<rect x="3" y="3" width="14" height="14" stroke={css(MARK_COLOURS.label)} />}>
          label, or accepted pick
        </Entry>
        <Entry mark={<path d="M4 4 16 16M4 16 16 4" stroke={css(MARK_COLOURS.negative)} />}>
          not a particle, or rejected pick
        </Entry>
        <Entry mark={<circle cx="10" cy="10" r="7" stroke={css(MARK_COLOURS.leftOut)} strokeDasharray="4 3" />}>
          candidate that a filter left out
        </Entry>
        <Entry mark={<path d="M2 5 17 2 18 16 6 18Z" stroke="#ffb020" fill="#10182099" />}>
          excluded region: nothing is picked there
        </Entry>
      </ul>
    </details>
  );
}

function Entry({ mark, children }: { readonly mark: ReactNode; readonly children: ReactNode }) {
  return (
    <li>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        {mark}
      </svg>
      {children}
    </li>
  );
}
