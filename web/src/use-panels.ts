/** Which panels are open, and how wide they are; kept in the browser. */

import { useEffect, useState } from 'react';

export type PanelName = 'list' | 'panel';

interface PanelState {
  readonly open: boolean;
  /** In CSS pixels. */
  readonly width: number;
}

export type Panels = Readonly<Record<PanelName, PanelState>>;

const KEY = 'deepem-panels';
/** On screens no wider than this the panels lie over the micrograph, and are closed at first. */
const NARROW = '(max-width: 900px)';

function firstPanels(): Panels {
  const open = !matchMedia(NARROW).matches;
  const usual: Panels = { list: { open, width: 230 }, panel: { open, width: 330 } };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const widthOf = (name: PanelName) => (Number.isFinite(kept[name]) ? Number(kept[name]) : usual[name].width);
    return { list: { open, width: widthOf('list') }, panel: { open, width: widthOf('panel') } };
  } catch {
    return usual;
  }
}

export function usePanels(): { readonly panels: Panels; change(name: PanelName, change: Partial<PanelState>): void } {
  const [panels, setPanels] = useState(firstPanels);
  const { list, panel } = panels;
  useEffect(() => {
    localStorage.setItem(KEY, JSON.stringify({ list: list.width, panel: panel.width }));
  }, [list.width, panel.width]);
  return {
    panels,
    change: (name, change) => setPanels((before) => ({ ...before, [name]: { ...before[name], ...change } })),
  };
}
