/** What a click does, and how the micrograph is shown. */

import { TOOLS } from '../keys.js';
import { Slider } from '../Slider.js';
import { type Covers, type Display, LAYER_NAMES, type Layer, type Tool } from './settings.js';

interface ToolbarProps {
  readonly tool: Tool;
  readonly display: Display;
  readonly eraser: number;
  /** What lasso and brush do. */
  readonly covers: Covers;
  onCovers(covers: Covers): void;
  /** Unit of lengths: Å, or px where the pixel size is unknown. */
  readonly unit: string;
  /** Whether the size of the particle is known. */
  readonly canDenoise: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  onTool(tool: Tool): void;
  onDisplay(display: Display): void;
  onEraser(diameter: number): void;
  onUndo(): void;
  onRedo(): void;
  onHelp(): void;
}

export function Toolbar(props: ToolbarProps) {
  const { tool, display, eraser, covers, unit } = props;
  const set = (change: Partial<Display>) => props.onDisplay({ ...display, ...change });
  return (
    <div className="toolbar" role="toolbar" aria-label="Tools and display">
      <div className="group">
        {TOOLS.map((one) => (
          <button
            key={one.tool}
            type="button"
            aria-pressed={tool === one.tool}
            title={`${one.words} (${one.keys[0].toUpperCase()})`}
            onClick={() => props.onTool(one.tool)}
          >
            {one.name}
          </button>
        ))}
        {(tool === 'lasso' || tool === 'brush') && (
          <select
            aria-label={`What the ${tool} does`}
            value={covers}
            onChange={(event) => props.onCovers(event.target.value as Covers)}
          >
            <option value="rejects">rejects picks</option>
            <option value="excludes">excludes the region</option>
          </select>
        )}
        {(tool === 'eraser' || tool === 'brush') && (
          <Slider name="size" least={10} most={1000} step={1} value={eraser} unit="px" onChange={props.onEraser} />
        )}
        <button type="button" disabled={!props.canUndo} onClick={props.onUndo} title="Undo (Ctrl+Z)">
          Undo
        </button>
        <button type="button" disabled={!props.canRedo} onClick={props.onRedo} title="Redo (Ctrl+Y)">
          Redo
        </button>
        <button type="button" onClick={props.onHelp} title="All keys (?)" aria-label="Keys">
          ?
        </button>
      </div>
      <div className="group">
        <Slider
          name="contrast"
          title="Share of the darkest and brightest pixels that is cut off, in percent"
          {...{ least: 0, most: 20, step: 0.5, unit: '%' }}
          value={100 * display.clip}
          onChange={(percent) => set({ clip: percent / 100 })}
        />
        <Slider
          name="low-pass"
          title="Resolution at which half of the amplitude passes; 0: no filter"
          {...{ least: 0, most: 100, step: 1, unit }}
          value={display.lowpass}
          onChange={(lowpass) => set({ lowpass })}
        />
        <label title={props.canDenoise ? 'Takes noise and background out' : 'Give the diameter first'}>
          <input
            type="checkbox"
            disabled={!props.canDenoise}
            checked={display.denoised && props.canDenoise}
            onChange={(event) => set({ denoised: event.target.checked })}
          />
          denoise
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
