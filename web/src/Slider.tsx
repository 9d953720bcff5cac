/** A slider with a field for the number beside it. */

interface SliderProps {
  readonly name: string;
  readonly title?: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  readonly value: number;
  readonly unit?: string;
  onChange(value: number): void;
}

export function Slider({ name, title, least, most, step, value, unit, onChange }: SliderProps) {
  const limits = { min: least, max: most, step };
  const take = (wanted: number) => {
    if (Number.isFinite(wanted)) onChange(Math.min(most, Math.max(least, wanted)));
  };
  return (
    <span className="slider" title={title}>
      <label>
        {name}
        <input type="range" {...limits} value={value} onChange={(event) => take(event.target.valueAsNumber)} />
      </label>
      <input
        type="number"
        aria-label={`${name}, as a number`}
        {...limits}
        value={value}
        onChange={(event) => take(event.target.valueAsNumber)}
      />
      {unit}
    </span>
  );
}
