/** How the general model looks at micrographs: what its training and its use must have in common. */

/** Four particle diameters fill its box; windows in particle diameters. */
export const GENERAL = {
  boxDiameters: 4,
  windows: { background: 1.2, variance: 3 },
} as const;
