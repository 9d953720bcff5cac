/**
 * Which device scores: a graphics card is taken only once it has given the same scores as the CPU for the very network that is to be
 * used. WebGPU has been seen to give wrong numbers without a word (docs/gpu.md).
 */

import { messageOf, UsageError } from '../errors.js';
import type { Model } from '../network/model.js';
import { random } from '../random.js';
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

/** Largest difference from the CPU's scores that a device may have. */
export const DEVICE_TOLERANCE = 1e-4;
/** Positions along each side of the image of noise that is scored for the comparison. */
const POSITIONS = 96;
/** A card must be this much faster to be worth its copies: the trial is smaller than a micrograph. */
const WORTHWHILE = 1.2;
const TRIALS = 3;

/**
 * Starts an engine.
 *
 * @param model - what is to be scored with
 * @param threads - of the CPU
 * @throws UsageError if a device that was named cannot be used, saying what it lacks
 */
export async function openDevice(model: Model, choice: DeviceChoice, threads: number): Promise<OpenDevice> {
  const cpu = startEngine(threads);
  if (choice === 'cpu') return { engine: cpu, device: 'cpu', reasons: [] };
  const reasons: string[] = [];
  const wanted: readonly Device[] = choice === 'auto' ? ['cuda', 'webgpu'] : [choice];
  const own = await tryOut(cpu, model);
  for (const device of wanted) {
    const engine = startEngine(threads, device);
    const reason = await objection(engine, device, model, own, choice === 'auto');
    if (reason === null) {
      await cpu.close();
      return { engine, device, reasons };
    }
    await engine.close();
    if (choice !== 'auto') {
      await cpu.close();
      throw new UsageError({
        what: `The device ${device} cannot be used`,
        received: reason,
        expected: 'a device that gives the scores of the CPU',
        hint: 'docs/gpu.md says what it needs; --device cpu works everywhere',
      });
    }
    reasons.push(`${device}: ${reason}`);
  }
  return { engine: cpu, device: 'cpu', reasons };
}

/** Scores of an image of noise, and how long they take. */
interface Trial {
  readonly scores: Float32Array;
  readonly seconds: number;
}

/** Why a device is not to be used, or null. */
async function objection(
  engine: Engine,
  device: Device,
  model: Model,
  cpu: Trial,
  onlyFaster: boolean,
): Promise<string | null> {
  try {
    const { scores, seconds } = await tryOut(engine, model);
    const difference = scores.reduce((most, score, i) => Math.max(most, Math.abs(score - cpu.scores[i])), 0);
    if (!(difference <= DEVICE_TOLERANCE)) {
      return `its scores differ from the CPU's by up to ${difference.toExponential(1)}, more than ${DEVICE_TOLERANCE}`;
    }
    if (!onlyFaster || cpu.seconds > WORTHWHILE * seconds) return null;
    return `it is not faster than the CPU (${seconds.toFixed(3)} s against ${cpu.seconds.toFixed(3)} s in a trial)`;
  } catch (error) {
    return lacking(device, messageOf(error));
  }
}

async function tryOut(engine: Engine, { architecture, weights, metadata }: Model): Promise<Trial> {
  const { step, turns } = metadata.scoring;
  const side = step * POSITIONS + architecture.box;
  const source = random(1);
  const pixels = Float32Array.from({ length: side * side }, () => source.normal());
  const image: PreparedImage = { pixels, width: side, height: side, factor: 1 };
  const scorer = await openScorer(engine, architecture, weights, { step, turns });
  let scores: Float32Array = new Float32Array();
  let seconds = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIALS; i++) {
    const started = performance.now();
    scores = (await scorer.score(image)).pixels;
    seconds = Math.min(seconds, (performance.now() - started) / 1000);
  }
  await scorer.release();
  return { scores, seconds };
}

/** What the engine's words mean to a user. */
function lacking(device: Device, message: string): string {
  const known: readonly (readonly [RegExp, string])[] = [
    [
      /No supported adapters|adapter/i,
      'there is no graphics card with a Vulkan driver, or no Vulkan loader (libvulkan1)',
    ],
    [/shared library|providers_(shared|cuda)/i, "ONNX Runtime's CUDA provider is not installed"],
    [/not supported|not available/i, `this build of ONNX Runtime has no ${device}`],
  ];
  return known.find(([pattern]) => pattern.test(message))?.[1] ?? message.slice(0, 300);
}
