/** The session as a table: all that is known of each micrograph, to sort, to cut down, to select and to exclude. Only rows in view exist. */

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { counted } from '../../../src/core/words.js';
import type { ApiProject, ApiTable } from '../../../src/server/api.js';
import { address, api, latest } from '../api.js';
import { FIRST_VIEW, type Row, shownRows, shownValue, type TableView } from '../table.js';
import type { LabelState } from '../use-labels.js';
import { useShortNames } from '../use-short-names.js';
import { Scatter } from './Scatter.js';

interface TableSightProps {
  readonly project: ApiProject;
  readonly set: string | null;
  readonly current: string | null;
  readonly labelState: LabelState;
  /** Changes when there are other picks or another threshold. */
  readonly version: string;
  onSelect(id: string): void;
  onError(error: Error): void;
}

const ROW_PX = 30;
const OVERSCAN = 20;
/** Characters of a name that a row has room for. */
const NAME = 36;
const EMPTY: ApiTable = { columns: [], rows: [] };

export function TableSight(props: TableSightProps) {
  const { project, set, labelState, version, onError } = props;
  const [table, setTable] = useState(EMPTY);
  const [view, setView] = useState<TableView>(FIRST_VIEW);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const labels = project.micrographs.reduce((sum, one) => sum + one.labels + one.negatives, 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other picks and labels make another table.
  useEffect(
    () => latest(api.table(set), setTable, onError),
    [set, version, labels, project.micrographs.length, onError],
  );
  const rows = useMemo(() => shownRows(table, view), [table, view]);
  const excluded = useMemo(
    () => new Set(project.micrographs.flatMap(({ id, excluded: gone }) => (gone ? [id] : []))),
    [project.micrographs],
  );
  const exclude = (wanted: boolean) => {
    const changed = [...selected].filter((id) => excluded.has(id) !== wanted);
    if (changed.length > 0) labelState.excludeMicrographs(changed, wanted).catch(onError);
  };
  const chosen = rows.filter(({ id }) => selected.has(id)).length;
  return (
    <div className="session">
      <div className="session-head">
        {table.columns.length > 0 && (
          <Scatter columns={table.columns} {...{ rows, selected }} onSelect={(ids) => setSelected(new Set(ids))} />
        )}
        <div>
          <p>
            {counted(table.rows.length, 'micrograph')}
            {rows.length < table.rows.length && `, ${rows.length} in range`}, {selected.size} selected, {excluded.size}{' '}
            excluded
          </p>
          <div className="buttons">
            <button type="button" onClick={() => setSelected(new Set(rows.map(({ id }) => id)))}>
              Select all in range
            </button>
            <button type="button" disabled={selected.size === 0} onClick={() => setSelected(new Set())}>
              Select none
            </button>
            <button type="button" disabled={selected.size === 0} onClick={() => exclude(true)}>
              Exclude
            </button>
            <button type="button" disabled={selected.size === 0} onClick={() => exclude(false)}>
              Include
            </button>
          </div>
          <p className="hint">
            Excluded micrographs are left out of counts, averages, classes and exports; Ctrl+Z takes that back.{' '}
            {chosen < selected.size && 'Some that are selected are out of range.'}
          </p>
          <a href={address('api/micrographs_selected.star', {})} download="micrographs_selected.star">
            Save micrographs_selected.star
          </a>
        </div>
      </div>
      <Rows
        {...{ table, rows, view, selected, excluded }}
        current={props.current}
        onView={setView}
        onSelect={props.onSelect}
        onChoose={(id, wanted) =>
          setSelected((before) => new Set(wanted ? [...before, id] : [...before].filter((other) => other !== id)))
        }
      />
    </div>
  );
}

interface RowsProps {
  readonly table: ApiTable;
  readonly rows: readonly Row[];
  readonly view: TableView;
  readonly selected: ReadonlySet<string>;
  readonly excluded: ReadonlySet<string>;
  readonly current: string | null;
  onView(view: TableView): void;
  onSelect(id: string): void;
  onChoose(id: string, wanted: boolean): void;
}

function Rows({ table, rows, view, selected, excluded, current, onView, onSelect, onChoose }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const shorten = useShortNames(table.rows, NAME);
  const items = virtual.getVirtualItems();
  const [before, after] = [items[0]?.start ?? 0, virtual.getTotalSize() - (items.at(-1)?.end ?? 0)];
  const sort = (column: number) =>
    onView({ ...view, sortBy: column, falling: view.sortBy === column ? !view.falling : column >= 0 });
  const order = (column: number) => (view.sortBy !== column ? 'none' : view.falling ? 'descending' : 'ascending');
  const head = (name: string, column: number) => (
    <th key={name} scope="col" aria-sort={order(column)}>
      <button type="button" onClick={() => sort(column)}>
        {name}
        {view.sortBy === column && (view.falling ? ' ▾' : ' ▴')}
      </button>
    </th>
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached from the keyboard.
    <section className="session-rows" ref={scroller} tabIndex={0} aria-label="Table of micrographs">
      <table aria-rowcount={rows.length + 2}>
        <thead>
          <tr>
            <th scope="col">
              <span className="hidden">selected</span>
            </th>
            {head('micrograph', -1)}
            {table.columns.map(head)}
          </tr>
          <tr>
            <td />
            <td className="hint">from, to</td>
            {table.columns.map((name, column) => (
              <td key={name}>
                <Range
                  name={name}
                  range={view.ranges[column]}
                  onRange={(range) => onView({ ...view, ranges: { ...view.ranges, [column]: range } })}
                />
              </td>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr style={{ height: before }} />}
          {items.map(({ index }) => {
            const { id, values } = rows[index];
            return (
              <tr
                key={id}
                aria-rowindex={index + 3}
                data-id={id}
                className={`${excluded.has(id) ? 'excluded' : ''} ${id === current ? 'current' : ''}`}
                style={{ height: ROW_PX }}
              >
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Select ${id}`}
                    checked={selected.has(id)}
                    onChange={(event) => onChoose(id, event.target.checked)}
                  />
                </td>
                <td>
                  <button type="button" className="link" title={id} onClick={() => onSelect(id)}>
                    {shorten(id)}
                  </button>
                  {excluded.has(id) && ' (excluded)'}
                </td>
                {table.columns.map((name, column) => (
                  <td key={name}>{shownValue(values[column])}</td>
                ))}
              </tr>
            );
          })}
          {after > 0 && <tr style={{ height: after }} />}
        </tbody>
      </table>
    </section>
  );
}

interface RangeProps {
  readonly name: string;
  readonly range: readonly [string, string] | undefined;
  onRange(range: readonly [string, string]): void;
}

function Range({ name, range = ['', ''], onRange }: RangeProps) {
  const [least, largest] = range;
  return (
    <span className="range">
      <input
        aria-label={`Least ${name}`}
        inputMode="decimal"
        value={least}
        onChange={(event) => onRange([event.target.value, largest])}
      />
      <input
        aria-label={`Largest ${name}`}
        inputMode="decimal"
        value={largest}
        onChange={(event) => onRange([least, event.target.value])}
      />
    </span>
  );
}
