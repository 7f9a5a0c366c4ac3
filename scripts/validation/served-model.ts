// A version as a point of presence runs it: in LiteRT where the inputs have its shapes, else in onnxruntime.
import { batchOf } from '../../registry/batch.ts';
import { joinBytes } from '../../registry/bytes.ts';
import { haveShapes } from '../../registry/fixed-shapes.ts';
import type { ProfileName } from '../../registry/manifest.ts';
import type { Signature } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { ChosenArtifact } from '../inspect/artifact.ts';
import type { Inspector } from '../inspect/inspector.ts';
import { WasmModel } from '../inspect/wasm-model.ts';
import type { ChosenLitert } from '../publish/engine/choose-engine.ts';
import { ownRows, padded } from './answers.ts';

export interface Served {
  readonly chosen: ChosenArtifact;
  readonly signature: Signature;
  /** The second engine, with a process that has it. */
  readonly second: { readonly litert: ChosenLitert; readonly inspector: () => Promise<Inspector> } | null;
}

interface SecondModel {
  readonly model: WasmModel;
  readonly shapes: Shapes;
  /** How many rows a run has; null where not every input and output has rows. */
  readonly rows: number | null;
}

export class ServedModel {
  readonly #first: WasmModel;
  readonly #second: SecondModel | null;

  private constructor(first: WasmModel, second: SecondModel | null) {
    this.#first = first;
    this.#second = second;
  }

  /** @throws InspectionError */
  static async load(
    inspector: Inspector,
    { chosen, signature, second }: Served,
    profile: ProfileName,
    limits: { readonly heapLimitMib: number; readonly timeoutMs: number },
  ): Promise<ServedModel> {
    const { artifact, optimization } = chosen;
    const options = { format: artifact.format, profile, optimization, ...limits } as const;
    const first = await WasmModel.load(inspector, artifact.bytes, options);
    if (second === null) return new ServedModel(first, null);
    const { bytes, member } = second.litert;
    const model = await WasmModel.load(await second.inspector(), bytes, { engine: 'litert', ...limits });
    return new ServedModel(first, { model, shapes: member.inputs, rows: rowsOf(signature, member.inputs) });
  }

  /** @throws InspectionError */
  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const isTaken = this.#second !== null && haveShapes(inputs, this.#second.shapes);
    return (await (isTaken ? this.#second.model : this.#first).run(inputs)).outputs;
  }

  /**
   * Answers rows as if each had been asked alone: most requests are, and so LiteRT, which takes one shape, answers here too.
   * @throws InspectionError
   */
  async runRows(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const total = inputs[0]?.shape[0] ?? 0;
    const rows = this.#second?.rows ?? null;
    const isBatch = rows !== null && total > 0 && inputs.every(({ shape }) => shape[0] === total);
    if (!isBatch) return this.run(inputs);
    const parts: (readonly Tensor[])[] = [];
    for (let from = 0; from < total; from += rows) {
      const to = Math.min(total, from + rows);
      const part = inputs.map((input) => {
        const taken = slice(input, from, to);
        return to - from < rows ? padded(taken, rows) : taken;
      });
      parts.push(ownRows({ from, to }, await this.run(part)));
    }
    return joined(parts);
  }
}

type Shapes = readonly { readonly name: string; readonly shape: readonly number[] }[];

function rowsOf(signature: Signature, shapes: Shapes): number | null {
  const batch = batchOf(signature);
  const isWhole =
    signature.inputs.every(({ name }) => batch.inputs.has(name)) &&
    signature.outputs.every(({ name }) => batch.outputs.has(name));
  const sizes = new Set(shapes.map(({ shape }) => shape[0]));
  const [rows] = sizes;
  return isWhole && sizes.size === 1 && rows !== undefined ? rows : null;
}

function slice(tensor: Tensor, from: number, to: number): Tensor {
  const [total = 1, ...rest] = tensor.shape;
  const size = tensor.data.length / total;
  return { ...tensor, shape: [to - from, ...rest], data: tensor.data.slice(from * size, to * size) as Tensor['data'] };
}

function joined(parts: readonly (readonly Tensor[])[]): Tensor[] {
  return (parts[0] ?? []).map((first, index) => {
    const pieces = parts.map((part) => part[index] ?? first);
    const rows = pieces.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    const data = pieces.map((piece) => piece.data);
    const bytes = data.filter((piece) => piece instanceof Uint8Array);
    const whole =
      bytes.length === data.length ? joinBytes(bytes) : data.flatMap((piece) => [...(piece as Uint8Array[])]);
    return { ...first, shape: [rows, ...first.shape.slice(1)], data: whole };
  });
}
