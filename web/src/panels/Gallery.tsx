/** Picks as small pictures: the best first, or the most doubtful first; accepted and rejected from the keyboard. */

import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { ApiGallery, ApiGalleryItem, ApiPoint, Decision } from '../../../src/server/api.js';
import { address, latest } from '../api.js';
import { GALLERY_KEYS, nameOf } from '../keys.js';

/** What a gallery shows. */
export interface GalleryList {
  /** In words, for the list. */
  readonly name: string;
  /** Of another list it differs. */
  readonly key: string;
  /** Where the list begins; null: where the server finds the first undecided pick. */
  readonly first: number | null;
  load(offset: number | null, limit: number): Promise<ApiGallery>;
}

interface GalleryProps {
  readonly list: GalleryList;
  readonly diameter: number;
  /** Changes when there are other picks or another threshold. */
  readonly version: string;
  onShow(item: ApiGalleryItem): void;
  onDecide(id: string, place: ApiPoint, decision: Decision): Promise<void>;
  onError(error: Error): void;
}

const PAGE = 60;
/** Side of a picture in particle diameters. */
const SIDE = 1.6;
/** What the keys of a gallery decide. */
export const DECISIONS = { accept: 'accepted', reject: 'rejected', undecide: null } as const;

export function Gallery({ list, diameter, version, onShow, onDecide, onError }: GalleryProps) {
  const [gallery, setGallery] = useState<ApiGallery>({ total: 0, offset: 0, items: [] });
  const [wanted, setWanted] = useState<number | null>(list.first);
  const { offset } = gallery;
  const grid = useRef<HTMLUListElement>(null);

  /** Where the first undecided pick was: what is shown stays in its place when other picks come. */
  const found = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins at its beginning, or at what is undecided.
  useEffect(() => {
    found.current = null;
    setWanted(list.first);
  }, [list.key]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version has other items.
  useEffect(() => {
    const take = (taken: ApiGallery) => {
      found.current ??= taken.offset;
      setGallery(taken);
    };
    return latest(list.load(wanted ?? found.current, PAGE), take, onError);
  }, [list.key, wanted, version, onError]);
  const isEmpty = gallery.items.length === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: keys work at once on every page.
  useEffect(() => grid.current?.querySelector<HTMLElement>('.tile')?.focus(), [list.key, offset, isEmpty]);

  const hasMore = offset + PAGE < gallery.total;
  const turn = (pages: number) => setWanted(Math.max(0, offset + pages * PAGE));

  /** What was decided stays in its place until the page is turned. */
  function decide(item: ApiGalleryItem, decision: Decision): void {
    const same = (other: ApiGalleryItem) => other.id === item.id && other.x === item.x && other.y === item.y;
    setGallery({ ...gallery, items: gallery.items.map((one) => (same(one) ? { ...one, decision } : one)) });
    onDecide(item.id, item, decision).catch(onError);
  }

  function keyed(event: KeyboardEvent, i: number): void {
    const tiles = [...(grid.current?.querySelectorAll<HTMLElement>('.tile') ?? [])];
    const columns = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      tiles[i + step]?.focus();
      return;
    }
    const name = nameOf(GALLERY_KEYS, event);
    if (name === 'show') onShow(gallery.items[i]);
    else if (name) {
      decide(gallery.items[i], DECISIONS[name]);
      if (tiles[i + 1]) tiles[i + 1].focus();
      else if (hasMore) turn(1);
    }
  }

  return (
    <div className="gallery">
      <p className="hint">
        A accepts, R rejects, U undecides, arrows move, Enter shows the pick on its micrograph. The next training uses
        accepted and rejected picks.
      </p>
      <ul className="grid" ref={grid} aria-label={list.name}>
        {gallery.items.map((item, i) => (
          <li
            key={`${item.id} ${item.x} ${item.y}`}
            aria-label={`score ${item.score.toFixed(2)} on ${item.id}, ${item.decision ?? 'undecided'}`}
            tabIndex={i === 0 ? 0 : -1}
            className={`tile ${item.decision ?? ''}`}
            onKeyDown={(event) => keyed(event, i)}
            onDoubleClick={() => onShow(item)}
            title={`${item.id}: double-click shows it`}
          >
            <img
              loading="lazy"
              alt=""
              width={96}
              height={96}
              src={address('api/crop', { id: item.id, x: item.x, y: item.y, side: SIDE * diameter })}
            />
            <span>{item.score.toFixed(2)}</span>
            <span className="decide">
              <button type="button" tabIndex={-1} aria-label="Accept" onClick={() => decide(item, 'accepted')}>
                ✓
              </button>
              <button type="button" tabIndex={-1} aria-label="Reject" onClick={() => decide(item, 'rejected')}>
                ✗
              </button>
            </span>
          </li>
        ))}
      </ul>
      <div className="buttons pages">
        <button type="button" disabled={offset === 0} onClick={() => turn(-1)}>
          Previous
        </button>
        <span>
          {gallery.total === 0 ? 'none' : `${offset + 1} to ${offset + gallery.items.length} of ${gallery.total}`}
        </span>
        <button type="button" disabled={!hasMore} onClick={() => turn(1)}>
          Next
        </button>
      </div>
    </div>
  );
}
