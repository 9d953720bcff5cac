/** Builds ONNX graphs node by node, and reads back what a model file holds. Bytes by `onnx-proto`. */

import onnxProto, { type onnx as Onnx } from 'onnx-proto';

/** A CommonJS package: its names are on the default export. */
const { onnx } = onnxProto;

/** Attribute values of a node: integers, floats (marked), lists of integers, text. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** Operator set of the graphs that stay inside deepem. */
export const OPSET = 19;
/** IR version that goes with it. */
const IR_VERSION = 8;

const FLOAT = onnx.TensorProto.DataType.FLOAT;
const INT64 = onnx.TensorProto.DataType.INT64;

/** A dimension: a number, or a name for one that is known only when the graph runs. */
export type Dimension = number | string;

/** A graph under construction. Every method that adds something returns the name of its result. */
export class GraphBuilder {
  private readonly nodes: Onnx.INodeProto[] = [];
  private readonly initializers: Onnx.ITensorProto[] = [];
  private readonly inputs: Onnx.IValueInfoProto[] = [];
  private readonly outputs: Onnx.IValueInfoProto[] = [];
  private readonly constants = new Map<string, string>();
  private counter = 0;

  /** Declares a float input. */
  input(name: string, dims: readonly Dimension[]): string {
    this.inputs.push(valueInfo(name, dims));
    return name;
  }

  /** Declares a float output: the result `from` under the name `name`. */
  output(name: string, from: string, dims: readonly Dimension[]): void {
    this.nodes.push({ opType: 'Identity', input: [from], output: [name], name });
    this.outputs.push(valueInfo(name, dims));
  }

  /** A named float tensor that is stored in the graph. */
  initializer(name: string, dims: readonly number[], values: Float32Array): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    this.initializers.push({ name, dims: [...dims], dataType: FLOAT, rawData });
    return name;
  }

  /** A float scalar. */
  scalar(value: number): string {
    return this.constant(`float_${value}`, (name) => this.initializer(name, [], Float32Array.of(value)));
  }

  /** A list of integers, as shapes and axes need. */
  integers(values: readonly number[]): string {
    return this.constant(`int_${values.join('_')}`, (name) => {
      this.initializers.push({ name, dims: [values.length], dataType: INT64, int64Data: [...values] });
      return name;
    });
  }

  /** Adds a node with one result. */
  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.nodeWithOutputs(opType, inputs, 1, attributes)[0];
  }

  /** Adds a node with several results. */
  nodeWithOutputs(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const id = this.counter++;
    const names = Array.from({ length: outputs }, (_, i) => `${opType}_${id}${i ? `_${i}` : ''}`);
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    this.nodes.push({ opType, input: [...inputs], output: names, name: `${opType}_${id}`, attribute });
    return names;
  }

  /** The finished model as bytes, with `metadata` beside the graph. */
  build(name: string, metadata: Readonly<Record<string, string>> = {}, opset: number = OPSET): Uint8Array {
    return onnx.ModelProto.encode({
      irVersion: IR_VERSION,
      producerName: 'deepem',
      opsetImport: [{ domain: '', version: opset }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name,
        node: this.nodes,
        initializer: this.initializers,
        input: this.inputs,
        output: this.outputs,
      },
    }).finish();
  }

  private constant(key: string, make: (name: string) => string): string {
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = make(`const_${key}`);
    this.constants.set(key, name);
    return name;
  }
}

function valueInfo(name: string, dims: readonly Dimension[]): Onnx.IValueInfoProto {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

function attributeProto(name: string, value: Attribute): Onnx.IAttributeProto {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  return { name, type: AttributeType.INTS, ints: [...value] };
}

/** What a model file holds: metadata and float tensors by name. */
export interface ModelContents {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

/**
 * Reads a model's metadata and stored tensors.
 *
 * @throws Error if the bytes are not an ONNX model
 */
export function readModelContents(bytes: Uint8Array): ModelContents {
  const model = onnx.ModelProto.decode(bytes);
  const metadata = new Map((model.metadataProps ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
  const tensors = new Map<string, Float32Array>();
  for (const tensor of model.graph?.initializer ?? []) {
    if (tensor.dataType !== FLOAT || !tensor.rawData || !tensor.name) continue;
    const copy = Uint8Array.from(tensor.rawData);
    tensors.set(tensor.name, new Float32Array(copy.buffer, 0, Math.floor(copy.byteLength / 4)));
  }
  return { metadata, tensors };
}
