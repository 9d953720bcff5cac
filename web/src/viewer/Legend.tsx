/** What the marks mean. */

import { css, MARK_COLOURS, scoreColour } from './palette.js';

const STEPS = [0, 0.25, 0.5, 0.75, 1];

export function Legend() {
  const gradient = STEPS.map((score) => css(scoreColour(score))).join(', ');
  return (
    <details className="legend">
      <summary>Legend</summary>
      <ul>
        <li>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="8" stroke={css(scoreColour(0.8))} />
          </svg>
          pick, coloured by score
          <span className="scores" style={{ background: `linear-gradient(to right, ${gradient})` }} />
          <span className="ends">
            <span>0</span>
            <span>1</span>
          </span>
        </li>
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
