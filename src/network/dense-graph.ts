/**
 * The dense graph: a whole prepared image -> the score of every position, exactly as its box would get it.
 *
 * A pool of the box graph makes its map coarser; here it becomes a window that moves in smaller steps, and the layers
 * after it are dilated by what the box graph's map would have shrunk. The scores of the four quarter turns of a box are
 * those of four networks with turned kernels. The first layer looks at one image, so its turned kernels are one large
 * convolution; above it they are groups of one convolution where the engine does groups well, else branches of their own.
 *
 * With a step s only some positions are needed: where the box graph's map has a spacing of P pixels, the positions s*i + P*j
 * lie on a grid of gcd(s, P) pixels, and nothing else is computed.
 *
 * The graph can be cut behind its pools into stages. A stage needs only a few rows around each row that it makes, so a large
 * image goes through the stages in bands, and nothing at the seams is computed twice.
 */

import { rotatePlanes } from '../imaging/rotate.js';
import { type Architecture, BATCH_NORM_EPSILON, type Layer, layerShapes, type Shape } from './architecture.js';
import { gcd } from './cost.js';
import { GraphBuilder } from './onnx.js';
import { type ParameterGroup, parameterLayout, type Weights } from './parameters.js';

/** Quarter turns whose scores can be averaged: all four, a half turn apart, or none but the first. */
export type Turns = 1 | 2 | 4;

/** How the dense graph is built. */
export interface DenseOptions {
  /** Prepared pixels between positions, a whole number above 0. */
  readonly step: number;
  /** How many quarter turns are averaged; fewer are faster, and less exact. */
  readonly turns: Turns;
  /** True: a stage for each pool; false: one for all. */
  readonly staged: boolean;
}

/** A part of the dense graph. The output of one is the input of the next. */
export interface DenseStage {
  /** ONNX bytes. Input `maps` [1, n, H, W], output `result` [1, m, h, w] with h = floor((H - extent) / stride) + 1. */
  readonly graph: Uint8Array;
  /** Rows and columns of the input that one of the output is made of. */
  readonly extent: number;
  /** Rows and columns of the input between neighbours of the output. */
  readonly stride: number;
  /** The layers that make maps of another size; the others work in place. */
  readonly windows: readonly Window[];
}

/** Quarter turns of a circle. */
const QUARTERS = 4;
/** The engine stores so many maps side by side: groups of such sizes are fast, others are not. */
const MAP_BLOCK = 16;

/** The grid on which a layer of the dense graph works. */
interface Grid {
  /** Pixels between neighbours in the map of the box graph. */
  spacing: number;
  /** Pixels between neighbours in the map of the dense graph. */
  step: number;
  /** True until the first layer with kernels: all turns then share one input. */
  shared: boolean;
  /** Maps behind those of all turns that only fill the engine's block. */
  fillers: number;
}

/** Number of positions along one side of an image: one every `step` pixels from 0 while the box fits. */
export function densePositions(side: number, box: number, step: number): number {
  return side < box ? 0 : Math.floor((side - box) / step) + 1;
}

/**
 * Builds the dense graph.
 *
 * The first stage takes the image [1, 1, H, W], H and W at least the box. The last gives the scores [1, 1, h, w] with h and w as
 * `densePositions`: entry (i, j) is the mean score of the quarter turns of the box whose first row is i*step and first column
 * j*step.
 */
export function buildDenseStages(architecture: Architecture, weights: Weights, options: DenseOptions): DenseStage[] {
  const shapes = layerShapes(architecture);
  const cuts = options.staged ? cutsBehindPools(architecture.layers) : [];
  const grid: Grid = { spacing: 1, step: 1, shared: true, fillers: 0 };
  return [0, ...cuts].map((from, i) => {
    const builder = new StageBuilder(architecture, shapes, weights, options, grid);
    return builder.build(from, cuts[i] ?? architecture.layers.length);
  });
}

/** Indices of the layers that begin a stage, but the first. */
function cutsBehindPools(layers: readonly Layer[]): number[] {
  return layers.flatMap(({ type }, i) => ((type === 'mean-pool' || type === 'max-pool') && i > 0 ? [i + 1] : []));
}

/** How a layer moves over its maps: lengths in pixels of its input. */
export interface Window {
  readonly size: number;
  readonly dilation: number;
  readonly stride: number;
  /** Maps that it reads and writes, as they are stored. */
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Bytes of the maps inside a stage: the most that a layer reads and writes together.
 *
 * @param rows - of its output
 * @param width - of its input
 */
export function bytesOfStage({ windows }: Pick<DenseStage, 'windows'>, rows: number, width: number): number {
  const widths = [width];
  for (const { size, dilation, stride } of windows) {
    widths.push(densePositions(widths[widths.length - 1], (size - 1) * dilation + 1, stride));
  }
  let [after, most] = [rows, 0];
  for (let i = windows.length - 1; i >= 0; i--) {
    const { size, dilation, stride, inputs, outputs } = windows[i];
    const before = (after - 1) * stride + (size - 1) * dilation + 1;
    most = Math.max(most, inputs * before * widths[i] + outputs * after * widths[i + 1]);
    after = before;
  }
  return Float32Array.BYTES_PER_ELEMENT * most;
}

/** Builds one stage: a few layers, for all turns. */
class StageBuilder {
  readonly #graph = new GraphBuilder();
  readonly #groups: ReadonlyMap<string, ParameterGroup>;
  /** Turns of the kernels in each branch; one branch holds them all as groups. */
  #branches: { value: string; turns: readonly number[] }[];
  readonly #windows: Window[] = [];

  constructor(
    readonly architecture: Architecture,
    readonly shapes: readonly Shape[],
    readonly weights: Weights,
    readonly options: DenseOptions,
    readonly grid: Grid,
  ) {
    this.#groups = new Map(
      parameterLayout(architecture).groups.map((group) => [`${group.layer} ${group.role}`, group]),
    );
    const turns = Array.from({ length: options.turns }, (_, i) => (i * QUARTERS) / options.turns);
    this.#branches = [{ value: 'maps', turns }];
  }

  /** Layers from one index to before another. */
  build(from: number, to: number): DenseStage {
    const graph = this.#graph;
    graph.input('maps', [1, this.#mapsAt(from), 'height', 'width']);
    for (let index = from; index < to; index++) this.#add(index);
    const values = this.#branches.map(({ value }) => value);
    const merged = values.length > 1 ? graph.node('Concat', values, { axis: 1 }) : values[0];
    const last = to === this.architecture.layers.length;
    const result = last
      ? graph.node('ReduceMean', [graph.node('Sigmoid', [merged]), graph.integers([1])], { keepdims: 1 })
      : merged;
    graph.output('result', result, [1, last ? 1 : this.#mapsAt(to), 'rows', 'columns']);
    const { extent, stride } = reach(this.#windows);
    const { name } = this.architecture;
    return {
      graph: graph.build(`deepem dense graph ${name}, layers ${from + 1} to ${to}`),
      extent,
      stride,
      windows: this.#windows,
    };
  }

  /** Maps of all turns before a layer. */
  #mapsAt(index: number): number {
    return this.shapes[index].maps * (this.grid.shared ? 1 : this.options.turns) + this.grid.fillers;
  }

  #add(index: number): void {
    const layer = this.architecture.layers[index];
    const { grid } = this;
    const inputs = this.#mapsAt(index);
    const hasKernel = layer.type === 'convolution' || layer.type === 'fully-connected';
    if (hasKernel && !grid.shared && !this.#groupsAreFast()) this.#split(index);
    const fillers = grid.shared && layer.type === 'convolution' ? this.#fillersFor(layer.maps) : grid.fillers;
    for (const branch of this.#branches) branch.value = this.#addLayer(index, layer, branch);
    const window = this.#windowOf(index);
    Object.assign(grid, nextGrid(layer, grid, this.options.step), { fillers });
    if (!isSpatial(layer)) return;
    const outputs = Math.ceil(this.#mapsAt(index + 1) / MAP_BLOCK) * MAP_BLOCK;
    this.#windows.push({ ...window, inputs, outputs });
  }

  #windowOf(index: number) {
    const { grid } = this;
    const layer = this.architecture.layers[index];
    const next = nextGrid(layer, grid, this.options.step);
    const size = layer.type === 'convolution' ? layer.kernel : 'size' in layer ? layer.size : this.shapes[index].side;
    return { size, dilation: grid.spacing / grid.step, stride: next.step / grid.step };
  }

  /** True where every convolution fills the engine's blocks. */
  #groupsAreFast(): boolean {
    return this.architecture.layers.every((layer) => layer.type !== 'convolution' || layer.maps % MAP_BLOCK === 0);
  }

  /** Maps that fill the block of the first convolution, so that what follows it stays in the engine's own layout. */
  #fillersFor(maps: number): number {
    if (this.architecture.layers.some(({ type }) => type === 'batch-normalisation')) return 0;
    return (MAP_BLOCK - ((maps * this.options.turns) % MAP_BLOCK)) % MAP_BLOCK;
  }

  /** A branch for each turn; fillers end here. */
  #split(index: number): void {
    if (this.#branches.length > 1) return;
    const [{ value, turns }] = this.#branches;
    const whole = turns.length === 1 && this.grid.fillers === 0;
    this.grid.fillers = 0;
    const { maps } = this.shapes[index];
    const range = (i: number) => [i * maps, (i + 1) * maps, 1].map((n) => this.#graph.integers([n]));
    this.#branches = turns.map((turn, i) => ({
      value: whole ? value : this.#graph.node('Slice', [value, ...range(i)]),
      turns: [turn],
    }));
  }

  #addLayer(index: number, layer: Layer, { value, turns }: { value: string; turns: readonly number[] }): string {
    const graph = this.#graph;
    switch (layer.type) {
      case 'convolution':
        return this.#convolution(index, value, turns);
      case 'fully-connected':
        return layer.units === 1 && this.shapes[index].side > 1 && !this.grid.shared
          ? this.#scoreByRows(index, value, turns)
          : this.#convolution(index, value, turns);
      case 'mean-pool':
        return graph.node('AveragePool', [value], this.#attributes(index));
      case 'max-pool':
        return graph.node('MaxPool', [value], this.#attributes(index));
      case 'batch-normalisation':
        return this.#batchNormalisation(index, value, this.grid.shared ? [0] : turns);
      case 'sigmoid':
        return graph.node('Sigmoid', [value]);
      case 'relu':
        return graph.node('Relu', [value]);
      case 'leaky-relu':
        return graph.node('LeakyRelu', [value], { alpha: { float: layer.slope } });
      default:
        return value;
    }
  }

  #attributes(index: number) {
    const { size, dilation, stride } = this.#windowOf(index);
    return { kernel_shape: [size, size], dilations: [dilation, dilation], strides: [stride, stride] };
  }

  /** A layer with kernels; a fully connected one is a kernel as large as its map. */
  #convolution(index: number, value: string, turns: readonly number[]): string {
    const { shared } = this.grid;
    const layer = this.architecture.layers[index];
    const fillers = shared && layer.type === 'convolution' ? this.#fillersFor(layer.maps) : 0;
    const [kernel, bias] = [this.#kernel(index, turns, fillers), this.#repeated(index, 'bias', turns, fillers)];
    return this.#graph.node('Conv', [value, kernel, bias], {
      ...this.#attributes(index),
      group: shared ? 1 : turns.length,
    });
  }

  /**
   * A fully connected layer with one unit, in two convolutions: the rows of its kernel as so many maps, then their sum, each a row
   * further down. A product with one row leaves the engine idle; so many rows do not.
   */
  #scoreByRows(index: number, value: string, turns: readonly number[]): string {
    const { maps, side } = this.shapes[index];
    const { dilations, strides } = this.#attributes(index);
    const [dilation, stride] = [dilations[0], strides[0]];
    const group = turns.length;
    const name = `layer_${index + 1}_rows_${turns.join('_')}`;
    const rows = transposeRows(this.#turned(index, turns), group, maps, side);
    const byRow = this.#graph.node(
      'Conv',
      [value, this.#graph.initializer(name, [group * side, maps, 1, side], rows)],
      { kernel_shape: [1, side], dilations: [1, dilation], strides: [1, stride], group },
    );
    const diagonal = new Float32Array(group * side * side);
    for (let i = 0; i < diagonal.length; i += side * side) {
      for (let row = 0; row < side; row++) diagonal[i + row * (side + 1)] = 1;
    }
    const sum = this.#graph.initializer(`${name}_sum`, [group, side, side, 1], diagonal);
    return this.#graph.node('Conv', [byRow, sum, this.#repeated(index, 'bias', turns)], {
      ...{ kernel_shape: [side, 1], dilations: [dilation, 1], strides: [stride, 1], group },
    });
  }

  #batchNormalisation(index: number, value: string, turns: readonly number[]): string {
    const layout = parameterLayout(this.architecture).statistics.find(({ layer }) => layer === index);
    if (!layout) throw new Error(`layer ${index} has no statistics`);
    const stored = [layout.mean, layout.variance].map((offset, i) => {
      const values = repeat(this.weights.statistics.subarray(offset, offset + layout.maps), turns.length);
      return this.#graph.initializer(`${value}_statistics_${i}`, [values.length], values);
    });
    const [scale, shift] = ['scale', 'shift'].map((role) => this.#repeated(index, role, turns));
    return this.#graph.node('BatchNormalization', [value, scale, shift, ...stored], {
      epsilon: { float: BATCH_NORM_EPSILON },
    });
  }

  #group(index: number, role: string): ParameterGroup {
    const group = this.#groups.get(`${index} ${role}`);
    if (group) return group;
    throw new Error(`layer ${index} has no ${role}`);
  }

  #values(group: ParameterGroup): Float32Array {
    return this.weights.values.subarray(group.offset, group.offset + group.size);
  }

  /** The turned kernels of a layer, one after the other. */
  #turned(index: number, turns: readonly number[]): Float32Array {
    const group = this.#group(index, 'kernel');
    const values = this.#values(group);
    const turned = new Float32Array(turns.length * values.length);
    const side = group.shape.length === 4 ? group.shape[2] : this.shapes[index].side;
    for (const [i, turn] of turns.entries()) {
      turned.set(rotatePlanes(values, side, (QUARTERS - turn) % QUARTERS), i * values.length);
    }
    return turned;
  }

  #kernel(index: number, turns: readonly number[], fillers: number): string {
    const { shape } = this.#group(index, 'kernel');
    const { side } = this.shapes[index];
    const [outputs, inputs, kernel] = shape.length === 4 ? shape : [shape[0], shape[1] / side ** 2, side];
    const name = `layer_${index + 1}_kernel_${turns.join('_')}`;
    const dims = [turns.length * outputs + fillers, inputs, kernel, kernel];
    const values = new Float32Array(dims.reduce((product, n) => product * n));
    values.set(this.#turned(index, turns));
    return this.#graph.initializer(name, dims, values);
  }

  /** Weights that do not turn, once for each turn. */
  #repeated(index: number, role: string, turns: readonly number[], fillers = 0): string {
    const group = this.#values(this.#group(index, role));
    const values = new Float32Array(turns.length * group.length + fillers);
    values.set(repeat(group, turns.length));
    return this.#graph.initializer(`layer_${index + 1}_${role}_${turns.join('_')}`, [values.length], values);
  }
}

function isSpatial({ type }: Layer): boolean {
  return type === 'convolution' || type === 'fully-connected' || type === 'mean-pool' || type === 'max-pool';
}

function nextGrid(layer: Layer, grid: Grid, step: number): Omit<Grid, 'fillers'> {
  switch (layer.type) {
    case 'mean-pool':
    case 'max-pool': {
      const spacing = grid.spacing * layer.size;
      return { ...grid, spacing, step: gcd(step, spacing) };
    }
    case 'convolution':
      return { ...grid, shared: false };
    case 'fully-connected':
      return { spacing: step, step, shared: false };
    default:
      return grid;
  }
}

/** What one pixel of the last window's output is made of, in pixels before the first. */
function reach(windows: readonly Window[]): { extent: number; stride: number } {
  let [extent, stride] = [1, 1];
  for (const window of windows.toReversed()) {
    extent = (extent - 1) * window.stride + (window.size - 1) * window.dilation + 1;
    stride *= window.stride;
  }
  return { extent, stride };
}

/** Kernels [group, maps, row, column] -> [group, row, maps, column]. */
function transposeRows(kernels: Float32Array, groups: number, maps: number, side: number): Float32Array {
  const result = new Float32Array(kernels.length);
  for (let group = 0; group < groups; group++) {
    for (let map = 0; map < maps; map++) {
      for (let row = 0; row < side; row++) {
        const from = ((group * maps + map) * side + row) * side;
        result.set(kernels.subarray(from, from + side), ((group * side + row) * maps + map) * side);
      }
    }
  }
  return result;
}

function repeat(values: Float32Array, copies: number): Float32Array {
  const repeated = new Float32Array(copies * values.length);
  for (let copy = 0; copy < copies; copy++) repeated.set(values, copy * values.length);
  return repeated;
}
