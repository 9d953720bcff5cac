/** How a micrograph is shown, and what a click does. */

/** What lasso and brush do: picks are rejected, or the region is excluded, now and for every model. */
export type Covers = 'rejects' | 'excludes';

/** What a click or drag on the micrograph means. */
export type Tool = 'particle' | 'negative' | 'correct' | 'lasso' | 'brush' | 'eraser' | 'diameter' | 'ruler';

/** How it is shown. */
export interface Display {
  /** Share of the pixels that is cut off at each end of the grey values, 0..0.2. */
  readonly clip: number;
  readonly inverted: boolean;
  /** Resolution in angstroms (in pixels where the pixel size is unknown); 0: none. */
  readonly lowpass: number;
  /** Noise and background are taken out, as far as the size of the particle allows. */
  readonly denoised: boolean;
  readonly layers: Readonly<Record<Layer, boolean>>;
}

/** What lies over the micrograph. */
export type Layer = 'labels' | 'picks' | 'leftOut' | 'scores';

export const LAYER_NAMES: Readonly<Record<Layer, string>> = {
  labels: 'labels',
  picks: 'picks',
  leftOut: 'left out',
  scores: 'score map',
};

export const FIRST_DISPLAY: Display = {
  clip: 0.01,
  inverted: false,
  lowpass: 0,
  denoised: false,
  layers: { labels: true, picks: true, leftOut: false, scores: false },
};
