/** One stage of the dense graph as ONNX: the turned networks beside each other. */

import type { Architecture, Layer, Shape } from './architecture.js';
import { DenseWeights, QUARTERS, transposeRows } from './dense-kernels.js';
import { type Grid, nextGrid, reach, type Window } from './dense-window.js';
import { BATCH_NORM_EPSILON } from './layer-type.js';
import { addMiddle, cropAtEachSide } from './layers/add.js';
import { behaviourOf, windowKind } from './layers.js';
import { GraphBuilder } from './onnx.js';
import type { Weights } from './parameters.js';

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
  readonly #weights: DenseWeights;
  /** One branch holds all turns as groups. */
  #branches: Branch[];
  /** Outputs of layers (counted from 1) that a later one adds, for each branch. */
  readonly #waiting = new Map<number, readonly string[]>();
  readonly #windows: Window[] = [];

  constructor(
    readonly architecture: Architecture,
    readonly shapes: readonly Shape[],
    weights: Weights,
    readonly options: DenseOptions,
    readonly grid: Grid,
  ) {
    this.#weights = new DenseWeights(this.#graph, architecture, shapes, weights);
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
    const kind = windowKind(layer);
    const hasKernel = kind === 'kernel' || kind === 'whole';
    if (hasKernel && !grid.shared && !this.#groupsAreFast()) this.#split(index);
    const fillers = grid.shared && kind === 'kernel' ? this.#fillersFor(this.shapes[index + 1].maps) : grid.fillers;
    for (const [i, branch] of this.#branches.entries()) branch.value = this.#addLayer(index, layer, branch, i);
    const window = this.#windowOf(index);
    Object.assign(grid, nextGrid(layer, grid, this.options.step), { fillers });
    if (this.#isAddedLater(index)) {
      this.#waiting.set(
        index + 1,
        this.#branches.map(({ value }) => value),
      );
    }
    if (kind === undefined) return;
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
    const { size, dilation } = behaviourOf(layer).window(layer, this.shapes[index].side) ?? { size: 1, dilation: 1 };
    return { size, dilation: (dilation * grid.spacing) / grid.step, stride: next.step / grid.step };
  }

  /** Pixels that an earlier map has more at each side than what it is added to. */
  #cropBefore(index: number, layer: number): number {
    const { spacing, step } = this.grid;
    return (cropAtEachSide(this.shapes[layer], this.shapes[index]) * spacing) / step;
  }

  /** True where every convolution fills the engine's blocks. */
  #groupsAreFast(): boolean {
    return this.architecture.layers.every((layer, i) => {
      return windowKind(layer) !== 'kernel' || this.shapes[i + 1].maps % MAP_BLOCK === 0;
    });
  }

  /** Maps that fill the block of the first convolution, so that what follows it stays in the engine's own layout. */
  #fillersFor(maps: number): number {
    if (this.architecture.layers.some((layer) => behaviourOf(layer).keepsStatistics)) return 0;
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
    return behaviourOf(layer).dense(layer, {
      ...{ graph, value, input: this.shapes[index], isShared: this.grid.shared },
      windowAttributes: () => this.#attributes(index),
      convolution: () => this.#convolution(index, value, turns),
      scoreByRows: () => this.#scoreByRows(index, value, turns),
      batchNormalisation: () => this.#batchNormalisation(index, value, this.grid.shared ? [0] : turns),
      addEarlier: (number) =>
        addMiddle(graph, value, this.#waiting.get(number)?.[branch] ?? '', this.#cropBefore(index, number)),
    });
  }

  #attributes(index: number) {
    const { size, dilation, stride } = this.#windowOf(index);
    return { kernel_shape: [size, size], dilations: [dilation, dilation], strides: [stride, stride] };
  }

  /** A layer with kernels; a fully connected one is a kernel as large as its map. */
  #convolution(index: number, value: string, turns: readonly number[]): string {
    const { shared } = this.grid;
    const layer = this.architecture.layers[index];
    const isKernel = windowKind(layer) === 'kernel';
    const fillers = shared && isKernel ? this.#fillersFor(this.shapes[index + 1].maps) : 0;
    const [kernel, bias] = [
      this.#weights.kernel(index, turns, fillers),
      this.#weights.repeated(index, 'bias', turns, fillers),
    ];
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
    const rows = transposeRows(this.#weights.turned(index, turns), group, maps, side);
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
    return this.#graph.node('Conv', [byRow, sum, this.#weights.repeated(index, 'bias', turns)], {
      ...{ kernel_shape: [side, 1], dilations: [dilation, 1], strides: [stride, 1], group },
    });
  }

  #batchNormalisation(index: number, value: string, turns: readonly number[]): string {
    const stored = this.#weights.statistics(index, value, turns);
    const [scale, shift] = ['scale', 'shift'].map((role) => this.#weights.repeated(index, role, turns));
    return this.#graph.node('BatchNormalization', [value, scale, shift, ...stored], {
      epsilon: { float: BATCH_NORM_EPSILON },
    });
  }
}
