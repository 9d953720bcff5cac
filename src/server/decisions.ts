/** What a person decides about places of a micrograph becomes labels. */

import type { Point } from '../core/particle.js';
import { addConfirmed, awayFrom, type Labels, SAME_DIAMETERS } from '../training/confirmed.js';
import type { Decision } from './api.js';

/** Where the diameter is not known yet, points this many pixels apart are two particles. */
export const UNKNOWN_DIAMETER = 20;

/** Labels once a person has decided about places; without a decision there is none near them. */
export function decideAbout(labels: Labels, places: readonly Point[], decision: Decision, diameter: number): Labels {
  if (decision === null) {
    return {
      particles: awayFrom(labels.particles, places, SAME_DIAMETERS * diameter),
      negatives: awayFrom(labels.negatives, places, SAME_DIAMETERS * diameter),
    };
  }
  const confirmed = { accepted: [] as readonly Point[], rejected: [] as readonly Point[], [decision]: places };
  return addConfirmed(labels, confirmed, diameter);
}
