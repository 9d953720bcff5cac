/** The address of the page says what is on it, so that a reload or a shared link comes back to the same sight. */

import { useEffect } from 'react';
import { STEPS, type Step } from './Guide.js';
import { SIGHTS, type Sight } from './Middle.js';
import { ORDERS, STATUSES, type Wanted } from './use-order.js';

/** Middle of the view in full-size pixels, and screen pixels that one of them takes. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

/** What the address says. */
export interface Place {
  readonly micrograph: string | null;
  readonly step: Step;
  readonly sight: Sight;
  /** The class whose members are shown, or null. */
  readonly members: number | null;
  /** Which picks are shown; null: the last. */
  readonly set: string | null;
  readonly wanted: Wanted;
  /** null: all of the micrograph. */
  readonly spot: Spot | null;
}

/** While something moves, the address waits. */
const SETTLE_MS = 250;

/** What the address of the page says now; what it does not say, or wrongly, is as at the beginning. */
export function readAddress(hash = location.hash): Place {
  const given = new URLSearchParams(hash.slice(1));
  const oneOf = <T extends string>(all: readonly T[], name: string, usual: T): T =>
    all.find((one) => one === given.get(name)) ?? usual;
  const members = Number(given.get('class'));
  const [x, y, k] = (given.get('at') ?? '').split(',').map(Number);
  return {
    micrograph: given.get('micrograph'),
    step: oneOf(STEPS, 'step', 'Label'),
    sight: oneOf([...SIGHTS.map(([name]) => name), 'members'] as const, 'show', 'micrograph'),
    members: Number.isInteger(members) && members > 0 ? members : null,
    set: given.get('picks'),
    wanted: {
      order: oneOf(ORDERS, 'order', 'name'),
      filter: oneOf([...STATUSES, 'all'] as const, 'only', 'all'),
      search: given.get('search') ?? '',
    },
    spot: k > 0 && Number.isFinite(x) && Number.isFinite(y) ? { x, y, k } : null,
  };
}

/** The address, after its #, that says all this. */
export function addressOf({ micrograph, step, sight, members, set, wanted, spot }: Place): string {
  const said = new URLSearchParams();
  const say = (name: string, value: string | null, usual: string | null) => {
    if (value !== null && value !== usual) said.set(name, value);
  };
  say('micrograph', micrograph, null);
  say('step', step, 'Label');
  say('show', sight, 'micrograph');
  say('class', sight === 'members' ? String(members) : null, null);
  say('picks', set, null);
  say('order', wanted.order, 'name');
  say('only', wanted.filter, 'all');
  say('search', wanted.search, '');
  if (spot) said.set('at', `${spot.x.toFixed(1)},${spot.y.toFixed(1)},${spot.k.toPrecision(4)}`);
  return said.toString();
}

/** Keeps the address true. */
export function useAddress(place: Place): void {
  const said = addressOf(place);
  useEffect(() => {
    const timer = setTimeout(() => history.replaceState(null, '', `#${said}`), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [said]);
}
