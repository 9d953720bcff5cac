/**
 * Which device computes: a graphics card is taken only once it has given the numbers of the CPU for the very network that is to be
 * used, at the density of the model. WebGPU has been seen to give wrong numbers without a word (docs/gpu.md).
 */

import { docsPage } from '../core/docs.js';
import { messageOf, UsageError } from '../core/errors.js';
import { random } from '../core/random.js';
import type { Model } from '../network/model.js';
import { type Device, type Engine, startEngine } from '../runtime/engine.js';
import type { PreparedImage } from './prepare.js';
import { openScorer } from './score-map.js';

/** `auto`: the fastest of those that work. */
export type DeviceChoice = Device | 'auto';

/** An engine on a device that has shown that it works. */
export interface OpenDevice {
  readonly engine: Engine;
  readonly device: Device;
  /** Why `auto` took this one; empty where a device was named. */
  readonly reasons: readonly string[];
}

/** Largest difference from the CPU's scores that a device may have, as a part of the largest. */
export const DEVICE_TOLERANCE = 1e-4;
/** Positions along each side of the image of noise that is scored for the comparison. */
const POSITIONS = 96;
/** A card must be this much faster to be worth its copies: the trial is smaller than a micrograph. */
const WORTHWHILE = 1.2;
const TRIALS = 3;

/** What a device gave, and how long it took. */
export interface Trial {
  readonly values: Float32Array;
  readonly seconds: number;
}

/** Something that can be opened on any device, and tried out. */
export interface Trialled<Opened> {
  open(device: Device): Promise<Opened>;
  tryOut(opened: Opened, device: Device): Promise<Trial>;
  /** Largest difference from the CPU's values, as a part of the largest of them. */
  readonly tolerance: number;
}

/**
 * Opens something on the device that was chosen, or for `auto` on the fastest that works.
 *
 * @returns what was opened, and for `auto` why other devices were not taken
 * @throws UsageError if a device that was named cannot be used, saying what it lacks
 */
export async function openOn<Opened extends { close(): Promise<void> }>(
  choice: DeviceChoice,
  work: Trialled<Opened>,
): Promise<{ opened: Opened; device: Device; reasons: string[] }> {
  const cpu = await work.open('cpu');
  if (choice === 'cpu') return { opened: cpu, device: 'cpu', reasons: [] };
  const reasons: string[] = [];
  try {
    const own = await work.tryOut(cpu, 'cpu');
    for (const device of choice === 'auto' ? (['cuda', 'webgpu'] as const) : [choice]) {
      const tried = await openIfFit(work, device, own, choice === 'auto');
      if (typeof tried !== 'string') {
        await cpu.close();
        return { opened: tried, device, reasons };
      }
      if (choice !== 'auto') throw unusable(device, tried);
      reasons.push(`${device}: ${tried}`);
    }
  } catch (error) {
    await cpu.close();
    throw error;
  }
  return { opened: cpu, device: 'cpu', reasons };
}

function unusable(device: Device, reason: string): UsageError {
  return new UsageError({
    what: `The device ${device} cannot be used`,
    received: reason,
    expected: 'a device that gives the numbers of the CPU',
    hint: `${docsPage('gpu')} says what it needs; --device cpu works everywhere`,
  });
}

/** Something on a device, or why that is not to be used. */
async function openIfFit<Opened extends { close(): Promise<void> }>(
  work: Trialled<Opened>,
  device: Device,
  cpu: Trial,
  onlyFaster: boolean,
): Promise<Opened | string> {
  let opened: Opened | undefined;
  try {
    opened = await work.open(device);
    const objection = objectionTo(await work.tryOut(opened, device), cpu, work.tolerance, onlyFaster);
    if (objection === null) return opened;
    await opened.close();
    return objection;
  } catch (error) {
    await opened?.close();
    return lacking(device, messageOf(error));
  }
}

function objectionTo({ values, seconds }: Trial, cpu: Trial, tolerance: number, onlyFaster: boolean): string | null {
  let [difference, largest] = [0, 0];
  for (const [i, value] of values.entries()) {
    difference = Math.max(difference, Math.abs(value - cpu.values[i]));
    largest = Math.max(largest, Math.abs(cpu.values[i]));
  }
  if (values.length !== cpu.values.length || !(difference <= tolerance * largest)) {
    return `its numbers differ from the CPU's by up to ${difference.toExponential(1)}, more than ${tolerance} of the largest`;
  }
  if (!onlyFaster || cpu.seconds > WORTHWHILE * seconds) return null;
  return `it is not faster than the CPU (${seconds.toFixed(3)} s against ${cpu.seconds.toFixed(3)} s in a trial)`;
}

/**
 * Starts an engine that scores.
 *
 * @param model - what is to be scored with
 * @param threads - of the CPU
 * @throws UsageError if a device that was named cannot be used, saying what it lacks
 */
export async function openDevice(model: Model, choice: DeviceChoice, threads: number): Promise<OpenDevice> {
  const { opened, ...found } = await openOn(choice, {
    open: async (device) => startEngine(threads, device),
    tryOut: (engine) => tryOut(engine, model),
    tolerance: DEVICE_TOLERANCE,
  });
  return { engine: opened, ...found };
}

async function tryOut(engine: Engine, { architecture, weights, metadata }: Model): Promise<Trial> {
  const { step, turns } = metadata.scoring;
  const side = step * POSITIONS + architecture.box;
  const source = random(1);
  const pixels = Float32Array.from({ length: side * side }, () => source.normal());
  const image: PreparedImage = { pixels, width: side, height: side, factor: 1 };
  const scorer = await openScorer(engine, architecture, weights, { step, turns });
  const trial = await fastestOf(async () => (await scorer.score(image)).pixels);
  await scorer.release();
  return trial;
}

/** The same work a few times: the first one often waits for something to be made. */
export async function fastestOf(work: () => Promise<Float32Array>): Promise<Trial> {
  let values: Float32Array = new Float32Array();
  let seconds = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIALS; i++) {
    const started = performance.now();
    values = await work();
    seconds = Math.min(seconds, (performance.now() - started) / 1000);
  }
  return { values, seconds };
}

/** What the engine's words mean to a user. */
function lacking(device: Device, message: string): string {
  const known: readonly (readonly [RegExp, string])[] = [
    [
      /No supported adapters|adapter/i,
      'there is no graphics card with a Vulkan driver, or no Vulkan loader (libvulkan1)',
    ],
    [/shared library|providers_(shared|cuda)/i, "ONNX Runtime's CUDA provider is not installed"],
    [/Indices output is not supported/i, 'its provider has no gradient of max-pool'],
    [/not supported|not available/i, `this build of ONNX Runtime has no ${device}`],
  ];
  return known.find(([pattern]) => pattern.test(message))?.[1] ?? message.slice(0, 300);
}
