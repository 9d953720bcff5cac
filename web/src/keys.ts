/** Every key of the page, once: what listens and what the help shows are made of these lists. */

import { useEffect, useRef } from 'react';
import type { Tool } from './viewer/settings.js';

/** A key, or several for the same, and what it does. */
interface Key {
  /** As in `KeyboardEvent.key`, letters in lower case; `Ctrl+` before those that want it. */
  readonly keys: readonly string[];
  readonly words: string;
}

/** Anywhere on the page, unless text is typed. */
export const PAGE_KEYS = {
  next: { keys: ['n'], words: 'Next micrograph' },
  previous: { keys: ['p'], words: 'Previous micrograph' },
  unlabelled: { keys: ['j'], words: 'Next micrograph without labels' },
  undo: { keys: ['Ctrl+z'], words: 'Undo' },
  redo: { keys: ['Ctrl+y', 'Ctrl+Shift+z'], words: 'Redo' },
  help: { keys: ['?'], words: 'Show all keys' },
} as const satisfies Readonly<Record<string, Key>>;

/** Tools, in the order of their buttons. */
export const TOOLS: readonly (Key & { readonly tool: Tool; readonly name: string })[] = [
  {
    tool: 'particle',
    name: 'Particle',
    keys: ['l'],
    words: 'Click the middle of a particle to label it; click it again to remove it',
  },
  { tool: 'negative', name: 'Not a particle', keys: ['k'], words: 'Click what is no particle' },
  {
    ...{ tool: 'correct', name: 'Correct', keys: ['c'] },
    words: 'Click a pick to reject it or to take that back; drag it to move it; click elsewhere to add a particle',
  },
  {
    tool: 'lasso',
    name: 'Lasso',
    keys: ['s'],
    words: 'Draw around picks and labels to reject them all, or around a region to exclude it',
  },
  {
    tool: 'brush',
    name: 'Brush',
    keys: ['b'],
    words: 'Drag over picks to reject them, or over a region to exclude it',
  },
  { tool: 'eraser', name: 'Eraser', keys: ['e'], words: 'Drag over labels or an excluded region to remove them' },
  { tool: 'diameter', name: 'Diameter', keys: ['d'], words: 'Drag from the middle of a particle to its edge' },
  { tool: 'ruler', name: 'Ruler', keys: ['m'], words: 'Drag to measure a distance' },
];

/** While the micrograph has the focus. */
export const VIEWER_KEYS = {
  left: { keys: ['ArrowLeft'], words: 'Move left' },
  right: { keys: ['ArrowRight'], words: 'Move right' },
  up: { keys: ['ArrowUp'], words: 'Move up' },
  down: { keys: ['ArrowDown'], words: 'Move down' },
  closer: { keys: ['+', '='], words: 'Zoom in' },
  farther: { keys: ['-'], words: 'Zoom out' },
  fit: { keys: ['0'], words: 'Show the whole micrograph' },
  middle: { keys: ['Enter'], words: 'Use the tool on the middle of the view' },
} as const satisfies Readonly<Record<string, Key>>;

/** In the gallery. */
export const GALLERY_KEYS = {
  accept: { keys: ['a'], words: 'Accept' },
  reject: { keys: ['r'], words: 'Reject' },
  undecide: { keys: ['u'], words: 'Take the decision back' },
  show: { keys: ['Enter'], words: 'Show the pick on its micrograph' },
} as const satisfies Readonly<Record<string, Key>>;

/** Name of what a pressed key does, or undefined. */
export function nameOf<N extends string>(
  keys: Readonly<Record<N, Key>>,
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey'>,
): N | undefined {
  const own = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isCommand = event.ctrlKey || event.metaKey;
  const pressed = `${isCommand ? 'Ctrl+' : ''}${isCommand && event.shiftKey ? 'Shift+' : ''}${own}`;
  return (Object.keys(keys) as N[]).find((name) => keys[name].keys.includes(pressed));
}

/** Where letters are text, or choose something: not in sliders and checkboxes. */
function isTypedInto(element: EventTarget | null): boolean {
  if (element instanceof HTMLInputElement) return !['checkbox', 'range', 'button', 'radio'].includes(element.type);
  return element instanceof HTMLSelectElement;
}

/** Listens to the keys of the page and to those of the tools. */
export function usePageKeys(acts: Readonly<Record<keyof typeof PAGE_KEYS, () => void>>, onTool: (tool: Tool) => void) {
  const latest = useRef({ acts, onTool });
  latest.current = { acts, onTool };
  useEffect(() => {
    const keyed = (event: KeyboardEvent) => {
      if (isTypedInto(event.target)) return;
      const name = nameOf(PAGE_KEYS, event);
      if (name) {
        event.preventDefault();
        latest.current.acts[name]();
        return;
      }
      const tool = TOOLS.find((one) => nameOf({ own: one }, event));
      if (tool) latest.current.onTool(tool.tool);
    };
    window.addEventListener('keydown', keyed);
    return () => window.removeEventListener('keydown', keyed);
  }, []);
}
