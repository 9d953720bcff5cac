/** One stage of the dense graph as ONNX: the turned networks beside each other. */

import { rotatePlanes } from '../imaging/rotate.js';
import { addActivation } from './activation.js';
import {
  type Architecture,
  BATCH_NORM_EPSILON,
  cropAtEachSide,
  isPool,
  isSpatial,
  type Layer,
  type Shape,
} from './architecture.js';
import { addMiddle } from './convolution.js';
import { type Grid, nextGrid, reach, type Window } from './dense-window.js';
import { GraphBuilder } from './onnx.js';
import { type ParameterGroup, type ParameterLayout, parameterLayout, type Weights } from './parameters.js';

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

/** A value, and the turns of the kernels that made it. */
interface Branch {
  value: string;
  readonly turns: readonly number[];
}

/** Builds one stage: a few layers, for all turns. */
export class StageBuilder {
  readonly #graph = new GraphBuilder();
  readonly #layout: ParameterLayout;
  /** One branch holds all turns as groups. */
  #branches: Branch[];
  /** Outputs of layers (counted from 1) that a later one adds, for each branch. */
  readonly #waiting = new Map<number, readonly string[]>();
  readonly #windows: Window[] = [];

  constructor(
    readonly architecture: Architecture,
    readonly shapes: readonly Shape[],
    readonly weights: Weights,
    readonly options: DenseOptions,
    readonly grid: Grid,
  ) {
    this.#layout = parameterLayout(architecture);
    const turns = Array.from({ length: options.turns }, (_, i) => (i * QUARTERS) / options.turns);
    this.#branches = [{ value: 'maps', turns }];
  }

  /** Layers from one index to before another. */
  build(from: number, to: number): DenseStage {
    const graph = this.#graph;
    graph.input('maps', [1, this.#mapsAt(from), 'height', 'width']);
    if (this.#isAddedLater(from - 1)) this.#waiting.set(from, ['maps']);
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
    const moves = isSpatial(layer) || layer.type === 'fully-connected';
    const hasKernel = moves && !isPool(layer);
    if (hasKernel && !grid.shared && !this.#groupsAreFast()) this.#split(index);
    const fillers = grid.shared && layer.type === 'convolution' ? this.#fillersFor(layer.maps) : grid.fillers;
    for (const [i, branch] of this.#branches.entries()) branch.value = this.#addLayer(index, layer, branch, i);
    const window = this.#windowOf(index);
    Object.assign(grid, nextGrid(layer, grid, this.options.step), { fillers });
    if (this.#isAddedLater(index)) {
      this.#waiting.set(
        index + 1,
        this.#branches.map(({ value }) => value),
      );
    }
    if (!moves) return;
    const outputs = Math.ceil(this.#mapsAt(index + 1) / MAP_BLOCK) * MAP_BLOCK;
    this.#windows.push({ ...window, inputs, outputs, waiting: this.#mapsWaitingBeside(index) });
  }

  /** Whether a later layer adds the output of this one. */
  #isAddedLater(index: number): boolean {
    return this.architecture.layers.some((layer) => layer.type === 'add' && layer.layer === index + 1);
  }

  /** Maps that are there while a layer works, because a later one adds them. */
  #mapsWaitingBeside(index: number): number {
    return this.architecture.layers.reduce((sum, layer, at) => {
      const waits = layer.type === 'add' && at > index && layer.layer < index;
      return waits ? sum + this.#mapsAt(layer.layer) : sum;
    }, 0);
  }

  #windowOf(index: number) {
    const { grid } = this;
    const layer = this.architecture.layers[index];
    const next = nextGrid(layer, grid, this.options.step);
    const size = layer.type === 'convolution' ? layer.kernel : isPool(layer) ? layer.size : this.shapes[index].side;
    const dilation = (layer.type === 'convolution' && layer.dilation) || 1;
    return { size, dilation: (dilation * grid.spacing) / grid.step, stride: next.step / grid.step };
  }

  /** Pixels that an earlier map has more at each side than what it is added to. */
  #cropBefore(index: number, { layer }: Extract<Layer, { type: 'add' }>): number {
    const { spacing, step } = this.grid;
    return (cropAtEachSide(this.shapes[layer], this.shapes[index]) * spacing) / step;
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
    const range = (i: number, maps: number) => [i * maps, (i + 1) * maps, 1].map((n) => this.#graph.integers([n]));
    const parts = (value: string, maps: number) =>
      turns.map((_, i) => (whole ? value : this.#graph.node('Slice', [value, ...range(i, maps)])));
    this.#branches = parts(value, maps).map((value, i) => ({ value, turns: [turns[i]] }));
    for (const [number, [value]] of this.#waiting) this.#waiting.set(number, parts(value, this.shapes[number].maps));
  }

  #addLayer(index: number, layer: Layer, { value, turns }: Branch, branch: number): string {
    const graph = this.#graph;
    switch (layer.type) {
      case 'add':
        return addMiddle(graph, value, this.#waiting.get(layer.layer)?.[branch] ?? '', this.#cropBefore(index, layer));
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
      case 'dropout':
        return value;
      case 'sigmoid':
      case 'relu':
      case 'leaky-relu':
        return addActivation(graph, layer, value);
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
    const { dilation, stride } = this.#windowOf(index);
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
    const layout = this.#layout.statistics.find(({ layer }) => layer === index);
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
    const group = this.#layout.groups.find((one) => one.layer === index && one.role === role);
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
    const values = repeat(this.#values(this.#group(index, role)), turns.length, fillers);
    return this.#graph.initializer(`layer_${index + 1}_${role}_${turns.join('_')}`, [values.length], values);
  }
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

/** @param more - zeros behind the copies */
function repeat(values: Float32Array, copies: number, more = 0): Float32Array {
  const repeated = new Float32Array(copies * values.length + more);
  for (let copy = 0; copy < copies; copy++) repeated.set(values, copy * values.length);
  return repeated;
}
