/** What a click does, and how the micrograph is shown. */

import { type Display, LAYER_NAMES, type Layer, type Tool } from './settings.js';

interface ToolbarProps {
  readonly tool: Tool;
  readonly display: Display;
  readonly eraser: number;
  /** Unit of lengths: Å, or px where the pixel size is unknown. */
  readonly unit: string;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  onTool(tool: Tool): void;
  onDisplay(display: Display): void;
  onEraser(diameter: number): void;
  onUndo(): void;
  onRedo(): void;
}

const TOOLS: readonly (readonly [Tool, string, string])[] = [
  ['particle', 'Particle', 'L'],
  ['negative', 'Not a particle', 'K'],
  ['eraser', 'Eraser', 'E'],
  ['diameter', 'Diameter', 'D'],
];

/** The tool of a key, or undefined. */
export function toolOfKey(key: string): Tool | undefined {
  return TOOLS.find(([, , own]) => own === key.toUpperCase())?.[0];
}

export function Toolbar(props: ToolbarProps) {
  const { tool, display, eraser, unit } = props;
  const set = (change: Partial<Display>) => props.onDisplay({ ...display, ...change });
  return (
    <div className="toolbar" role="toolbar" aria-label="Tools and display">
      <div className="group">
        {TOOLS.map(([name, words, key]) => (
          <button
            key={name}
            type="button"
            aria-pressed={tool === name}
            title={`${words} (${key})`}
            onClick={() => props.onTool(name)}
          >
            {words}
          </button>
        ))}
        {tool === 'eraser' && (
          <label>
            size
            <input
              type="range"
              min={10}
              max={1000}
              value={eraser}
              onChange={(event) => props.onEraser(event.target.valueAsNumber)}
            />
            {eraser} px
          </label>
        )}
        <button type="button" disabled={!props.canUndo} onClick={props.onUndo} title="Undo (Ctrl+Z)">
          Undo
        </button>
        <button type="button" disabled={!props.canRedo} onClick={props.onRedo} title="Redo (Ctrl+Y)">
          Redo
        </button>
      </div>
      <div className="group">
        <label title="Share of the darkest and brightest pixels that is cut off">
          contrast
          <input
            type="range"
            min={0}
            max={0.2}
            step={0.005}
            value={display.clip}
            onChange={(event) => set({ clip: event.target.valueAsNumber })}
          />
        </label>
        <label title="Resolution at which half of the amplitude passes; 0: no filter">
          low-pass
          <input
            type="range"
            min={0}
            max={100}
            step={5}
            value={display.lowpass}
            onChange={(event) => set({ lowpass: event.target.valueAsNumber })}
          />
          <span className="value">{display.lowpass === 0 ? 'off' : `${display.lowpass} ${unit}`}</span>
        </label>
        <label>
          <input
            type="checkbox"
            checked={display.inverted}
            onChange={(event) => set({ inverted: event.target.checked })}
          />
          invert
        </label>
        {(Object.keys(LAYER_NAMES) as Layer[]).map((layer) => (
          <label key={layer}>
            <input
              type="checkbox"
              checked={display.layers[layer]}
              onChange={(event) => set({ layers: { ...display.layers, [layer]: event.target.checked } })}
            />
            {LAYER_NAMES[layer]}
          </label>
        ))}
      </div>
    </div>
  );
}
