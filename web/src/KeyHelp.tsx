/** All keys of the page. */

import { useEffect, useRef } from 'react';
import { GALLERY_KEYS, PAGE_KEYS, TOOLS, VIEWER_KEYS } from './keys.js';

const GROUPS = [
  ['Anywhere', Object.values(PAGE_KEYS)],
  ['Tools', TOOLS],
  ['On the micrograph', Object.values(VIEWER_KEYS)],
  ['In the gallery', Object.values(GALLERY_KEYS)],
] as const;

const SIGNS: Readonly<Record<string, string>> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' };

export function KeyHelp({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="keys" aria-label="Keys" onClose={onClose}>
      <form method="dialog">
        <h2>Keys</h2>
        <div className="columns">
          {GROUPS.map(([title, keys]) => (
            <section key={title}>
              <h3>{title}</h3>
              <dl>
                {keys.map((key) => (
                  <div key={key.keys[0]} className="key">
                    <dt>
                      {key.keys.map((one) => (
                        <kbd key={one}>{SIGNS[one] ?? (one.length === 1 ? one.toUpperCase() : one)}</kbd>
                      ))}
                    </dt>
                    <dd>{'name' in key ? `${key.name}: ${key.words.toLowerCase()}` : key.words}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
