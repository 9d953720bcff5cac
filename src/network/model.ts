/** The model: architecture, weights and everything picking needs to know, kept in one standard ONNX file. */

import { z } from 'zod';
import { ModelError, messageOf } from '../core/errors.js';
import { type Architecture, architectureSchema, layerShapes } from './architecture.js';
import { buildBoxGraph, tensorName } from './box-graph.js';
import { readModelContents } from './onnx.js';
import { parameterLayout, type Weights } from './parameters.js';

/** Version of the metadata below; another one is refused. */
const METADATA_VERSION = 2;

/** Positions that are scored, and in how many quarter turns. */
export const scoringSchema = z.strictObject({
  /** Prepared pixels between positions, at the least. */
  step: z.int().min(1).max(4),
  /** Quarter turns whose scores are averaged. */
  turns: z.union([z.literal(1), z.literal(2), z.literal(4)]),
});
/** Key of the metadata in the ONNX file. */
const METADATA_KEY = 'deepem';

const positive = z.number().gt(0).lt(1e6);

/** How a micrograph becomes what the network sees. */
export const preparationSchema = z.strictObject({
  /** Full-size pixels per prepared pixel, for micrographs of the model's pixel size. */
  factor: z.number().gt(1e-3).lt(1e3),
  /** Standard deviation of the background's Gaussian, in prepared pixels. */
  backgroundSigma: positive,
  /** Standard deviation of the Gaussian window of the local variance, in prepared pixels. */
  varianceSigma: positive,
  /** Prepared values lie within plus or minus this. */
  limit: positive,
});

const thresholdSchema = z.strictObject({ threshold: z.number(), low: z.number(), high: z.number() });

/** Bands of a power spectrum. */
export const SPECTRUM_BANDS = 12;
const spectrumSchema = z.array(z.number()).length(SPECTRUM_BANDS);
const rangeSchema = z.strictObject({ low: z.number(), high: z.number() });

/** How the micrographs looked that a model was trained on. */
const usualSchema = z.strictObject({
  /** Natural logarithms of the power of prepared images, by band of frequencies. */
  spectrum: z.strictObject({ mean: spectrumSchema, sd: spectrumSchema }),
  /** Picks in a square of one diameter. */
  density: rangeSchema,
  /** Mean logits of the best scores. */
  strength: rangeSchema,
});

const metadataSchema = z.strictObject({
  version: z.literal(METADATA_VERSION),
  program: z.string().max(80),
  architecture: architectureSchema,
  preparation: preparationSchema,
  /** Angstroms per pixel of the training micrographs, or null where unknown. */
  pixelSize: positive.nullable(),
  /** Particle diameter in full-size pixels. */
  diameter: positive,
  /** Side of the box written to files, in full-size pixels, even. */
  box: z.int().min(2).max(100_000),
  /** Score from which a candidate is a particle. */
  threshold: z.number().min(0).max(1),
  /** How the threshold was found. */
  thresholdFrom: z.string().max(400),
  /** Thresholds with the best F1 and F2, and where they lie in 68 of 100 cases (bootstrap); null where nothing was held out. */
  thresholds: z.strictObject({ f1: thresholdSchema, f2: thresholdSchema }).nullable(),
  /** Platt scaling that makes scores probabilities; null: scores are the network's. */
  calibration: z.strictObject({ slope: z.number().gt(0), intercept: z.number() }).nullable(),
  /** Expected calibration error on picks that the scaling was not fitted to. */
  calibrationError: z.number().min(0).max(1).nullable(),
  /** Share of the candidates of held-out micrographs that were particles; null where scores are not calibrated. */
  prevalence: z.number().gt(0).lt(1).nullable().default(null),
  /**
   * Whether micrographs are picked only where their candidates are more than those of noise with the same power spectrum: for models that know
   * no usual prevalence, because they were trained on no micrographs.
   */
  mustStandOut: z.boolean().default(false),
  /**
   * How unlabelled places were taken: as no particles; as perhaps some (du Plessis et al. 2015, Kiryo et al. 2017); or, where
   * labels are few and missing, as what the labelled ones are told from in a short training (Elkan & Noto 2008).
   */
  objective: z.enum(['positive-negative', 'positive-unlabelled', 'labelled-unlabelled']),
  /** Smallest distance between two particles in full-size pixels. */
  minDistance: positive,
  /** Standard deviation of the Gaussian that smooths the score map, in prepared pixels; 0: none. */
  smoothing: z.number().min(0).max(100),
  /** Standard deviation of raw grey values in a particle's box, as found at the training positives. */
  deviationRange: z.strictObject({ min: z.number(), max: z.number(), unit: z.enum(['median', 'grey']) }).nullable(),
  /** Highest unevenness of the ground around a particle, as found at the training positives. */
  unevennessLimit: z.number().gt(0).nullable(),
  /** How densely positions are scored; models from before this was chosen score every one in four turns. */
  scoring: scoringSchema.default({ step: 1, turns: 4 }),
  /** Name of the training recipe. */
  recipe: z.string().max(80),
  labels: z.strictObject({
    positives: z.int().min(0),
    negatives: z.int().min(0),
    heldOutPositives: z.int().min(0),
    micrographs: z.int().min(0),
    heldOutMicrographs: z.int().min(0),
  }),
  /** Share of held-out boxes on the right side of 0.5, or null without any. */
  accuracy: z.number().min(0).max(1).nullable(),
  /** Accuracy of the guess that all held-out boxes are of their larger class; null without held-out boxes, or in older models. */
  chance: z.number().min(0).max(1).nullable().default(null),
  epochs: z.int().min(0),
  seed: z.int(),
  /** How the micrographs looked that it was trained on; null for blobs, and in older models. */
  usual: usualSchema.nullable().default(null),
});

/** How a micrograph becomes what the network sees. */
export type Preparation = z.infer<typeof preparationSchema>;
/** How the micrographs looked that a model was trained on. */
export type Usual = z.infer<typeof usualSchema>;
/** What a model file says about itself. */
export type ModelMetadata = Omit<z.infer<typeof metadataSchema>, 'version' | 'architecture'>;

/** What a model says of itself that no labels were used for. */
export const UNTRAINED = {
  thresholds: null,
  calibration: null,
  calibrationError: null,
  prevalence: null,
  usual: null,
  objective: 'positive-negative',
  deviationRange: null,
  unevennessLimit: null,
  labels: { positives: 0, negatives: 0, heldOutPositives: 0, micrographs: 0, heldOutMicrographs: 0 },
  accuracy: null,
  chance: null,
  epochs: 0,
} as const satisfies Partial<ModelMetadata>;

/** A trained network with all that picking needs. */
export interface Model {
  readonly architecture: Architecture;
  readonly weights: Weights;
  readonly metadata: ModelMetadata;
}

/** The model as ONNX bytes: the box graph, with the metadata as JSON under the key `deepem` and in words under others. */
export function encodeModel({ architecture, weights, metadata }: Model): Uint8Array {
  const json = JSON.stringify({ version: METADATA_VERSION, architecture, ...metadata });
  return buildBoxGraph(architecture, weights, {
    metadata: {
      [METADATA_KEY]: json,
      description: `deepem particle picker: boxes [n,1,${architecture.box},${architecture.box}] of prepared pixels -> scores [n,1]`,
      pixel_size_angstrom: String(metadata.pixelSize ?? 'unknown'),
      threshold: String(metadata.threshold),
    },
  });
}

/**
 * Reads a model file.
 *
 * @param bytes - the whole file
 * @param file - the name, for errors
 * @throws ModelError if it is not a model of this program and version, or if it is damaged
 */
export function decodeModel(bytes: Uint8Array, file: string): Model {
  const { metadata: properties, tensors } = contentsOf(bytes, file);
  const json = properties.get(METADATA_KEY);
  if (json === undefined) {
    throw new ModelError({ what: `${file} is not a deepem model`, received: 'an ONNX file without "deepem" metadata' });
  }
  const { version: _, architecture, ...metadata } = parseMetadata(json, file);
  layerShapes(architecture);
  const layout = parameterLayout(architecture);
  const stored = [...tensors.values()].reduce((sum, tensor) => sum + tensor.length, 0);
  if (layout.size + layout.statisticsSize > stored) {
    throw damaged(file, `${stored} weights`, `${layout.size + layout.statisticsSize} for its architecture`);
  }
  const values = new Float32Array(layout.size);
  const statistics = new Float32Array(layout.statisticsSize);
  const copy = (target: Float32Array, offset: number, size: number, name: string) => {
    const tensor = tensors.get(name);
    if (!tensor || tensor.length !== size || !tensor.every(Number.isFinite)) {
      throw damaged(file, `tensor ${name} with ${tensor?.length ?? 'no'} values`, `${size} finite values`);
    }
    target.set(tensor, offset);
  };
  for (const { layer, role, offset, size } of layout.groups) copy(values, offset, size, tensorName(layer, role));
  for (const { layer, mean, variance, maps } of layout.statistics) {
    copy(statistics, mean, maps, tensorName(layer, 'mean'));
    copy(statistics, variance, maps, tensorName(layer, 'variance'));
  }
  return { architecture, weights: { values, statistics }, metadata };
}

function contentsOf(bytes: Uint8Array, file: string) {
  try {
    return readModelContents(bytes);
  } catch (cause) {
    throw new ModelError(
      {
        what: `${file} is not a deepem model`,
        received: `${bytes.length} bytes that are not ONNX (${messageOf(cause)})`,
      },
      { cause },
    );
  }
}

function parseMetadata(json: string, file: string) {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw damaged(file, 'metadata that is not JSON', 'the JSON that deepem wrote');
  }
  const version = (data as { version?: unknown } | null)?.version;
  if (version !== METADATA_VERSION) {
    throw new ModelError({
      what: `${file} was made by another version of deepem`,
      received: `metadata version ${String(version).slice(0, 20)}`,
      expected: `version ${METADATA_VERSION}`,
      hint: 'Train the model again with this version',
    });
  }
  const parsed = metadataSchema.safeParse(data);
  if (!parsed.success) throw damaged(file, z.prettifyError(parsed.error).replaceAll('\n', ' '), 'valid metadata');
  return parsed.data;
}

function damaged(file: string, received: string, expected: string): ModelError {
  return new ModelError({
    what: `The model ${file} is damaged`,
    received,
    expected,
    hint: 'Copy it again, or train it again',
  });
}
