/** What the marks mean. */

import { css, MARK_COLOURS, scoreColour } from './palette.js';

const STEPS = [0, 0.25, 0.5, 0.75, 1];

/** @param compares - whether two sets of picks are held against each other */
export function Legend({ compares }: { readonly compares: boolean }) {
  const gradient = STEPS.map((score) => css(scoreColour(score))).join(', ');
  return (
    <details className="legend">
      <summary>Legend</summary>
      <ul>
        <li>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="8" stroke={css(scoreColour(0.8))} />
          </svg>
          {compares ? 'picked by both, coloured by score' : 'pick, coloured by score'}
          <span className="scores" style={{ background: `linear-gradient(to right, ${gradient})` }} />
          <span className="ends">
            <span>0</span>
            <span>1</span>
          </span>
        </li>
        {compares && (
          <>
            <li>
              <svg viewBox="0 0 20 20" aria-hidden="true">
                <path d="M10 1 19 10 10 19 1 10Z" stroke={css(MARK_COLOURS.onlyOwn)} />
              </svg>
              only in the picks that are shown
            </li>
            <li>
              <svg viewBox="0 0 20 20" aria-hidden="true">
                <path d="M10 2 18 16 2 16Z" stroke={css(MARK_COLOURS.onlyOther)} />
              </svg>
              only in those they are compared with
            </li>
          </>
        )}
        <li>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <rect x="3" y="3" width="14" height="14" stroke={css(MARK_COLOURS.label)} />
          </svg>
          label, or accepted pick
        </li>
        <li>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M4 4 16 16M4 16 16 4" stroke={css(MARK_COLOURS.negative)} />
          </svg>
          not a particle, or rejected pick
        </li>
        <li>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="7" stroke={css(MARK_COLOURS.leftOut)} strokeDasharray="4 3" />
          </svg>
          candidate that a filter left out
        </li>
      </ul>
    </details>
  );
}
