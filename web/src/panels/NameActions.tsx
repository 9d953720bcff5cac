/** Another name for a model and its picks, or none any more; Undo brings back what was. */

import { type FormEvent, useState } from 'react';
import type { LabelState } from '../use-labels.js';

interface NameActionsProps {
  readonly name: string;
  readonly labelState: LabelState;
  /** Picks of the general model have names that say how they were made. */
  readonly canRename: boolean;
  /** Told under which name it is now; null: it was deleted. */
  onName(name: string | null): void;
  onError(error: Error): void;
}

/** Names as the server takes them. */
const PATTERN = '(?!\\.)[\\w.\\-]{1,100}';

export function NameActions({ name, labelState, canRename, onName, onError }: NameActionsProps) {
  const [wanted, setWanted] = useState<string | null>(null);
  const rename = (event: FormEvent) => {
    event.preventDefault();
    const to = wanted ?? name;
    setWanted(null);
    if (to !== name) labelState.rename(name, to).then(() => onName(to), onError);
  };
  return (
    <div className="buttons">
      {wanted === null ? (
        <>
          {canRename && (
            <button type="button" onClick={() => setWanted(name)}>
              Rename
            </button>
          )}
          <button
            type="button"
            title="Undo brings it back"
            onClick={() => labelState.remove(name).then(() => onName(null), onError)}
          >
            Delete {name}
          </button>
        </>
      ) : (
        <form className="buttons" onSubmit={rename}>
          <input
            aria-label={`New name of ${name}`}
            value={wanted}
            pattern={PATTERN}
            title="Letters, digits, dots, dashes and underscores"
            required
            onChange={(event) => setWanted(event.target.value)}
          />
          <button type="submit">Save name</button>
          <button type="button" onClick={() => setWanted(null)}>
            Cancel
          </button>
        </form>
      )}
    </div>
  );
}
