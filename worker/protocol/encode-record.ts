// One row of a model's tensors as JSON: its inputs as the plain record that decode-records.ts would read, its outputs by name.
import { batchOf } from '../../registry/batch.ts';
import { elementBytes, elementCount, isOneValue } from '../../registry/signature.ts';
import { quote } from './describe.ts';
import { elementTexts, nestTexts } from './json-rows.ts';
import { columnsOf, type RecordModel } from './record-model.ts';
import type { Tensor } from './tensor.ts';

/** One of the rows of a request and of its answer. */
export class RecordRow {
  readonly #model: RecordModel;
  readonly #row: number;
  readonly #rows: number;

  /** @param rows how many there are, as `recordsIn` of registry/batch.ts counts them */
  constructor(model: RecordModel, row: number, rows: number) {
    this.#model = model;
    this.#row = row;
    this.#rows = rows;
  }

  /** How many characters {@link inputs} and {@link outputs} take at least: known before anything is written. */
  leastCharacters(inputs: readonly Tensor[], outputs: readonly Tensor[]): number {
    const { inputs: batched, outputs: answered } = batchOf(this.#model.signature);
    const own = [
      ...inputs.map((tensor) => this.#cut(tensor, batched.has(tensor.name))),
      ...this.#answered(outputs).map((tensor) => this.#cut(tensor, answered.has(tensor.name))),
    ];
    return own.reduce((sum, { shape, data }) => {
      const texts = data instanceof Uint8Array ? 0 : data.reduce((bytes, text) => bytes + text.length, 0) / 3;
      return sum + 2 * elementCount(shape) + texts;
    }, 0);
  }

  /**
   * @returns `{"feature": value, …}`; NaN and infinities as null
   * @throws {PopserveError} INVALID_ARGUMENT if a BYTES element is not UTF-8
   */
  inputs(tensors: readonly Tensor[]): string {
    const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
    const { inputs: batched } = batchOf(this.#model.signature);
    const fields = columnsOf(this.#model).flatMap(({ spec, features }) => {
      const tensor = byName.get(spec.name);
      if (tensor === undefined) return [];
      const own = this.#cut(tensor, batched.has(spec.name));
      const texts = elementTexts(own, `input ${quote(spec.name)}`);
      if (features) return texts.map((text, index) => `${JSON.stringify(features[index])}:${text}`);
      return [field(own, texts, spec, batched.has(spec.name))];
    });
    return `{${fields.join(',')}}`;
  }

  /** As {@link inputs}; an output without a batch axis belongs to no row if there are several. */
  outputs(tensors: readonly Tensor[]): string {
    const { signature } = this.#model;
    const batched = batchOf(signature).outputs;
    const fields = this.#answered(tensors).map((tensor) => {
      const own = this.#cut(tensor, batched.has(tensor.name));
      const spec = signature.outputs.find(({ name }) => name === tensor.name) ?? own;
      return field(own, elementTexts(own, `output ${quote(tensor.name)}`), spec, batched.has(tensor.name));
    });
    return `{${fields.join(',')}}`;
  }

  #answered(outputs: readonly Tensor[]): readonly Tensor[] {
    if (this.#rows === 1) return outputs;
    const { outputs: batched } = batchOf(this.#model.signature);
    return outputs.filter(({ name, shape }) => batched.has(name) && shape[0] === this.#rows);
  }

  /** A view on the row, or on the whole tensor where it has no rows. */
  #cut(tensor: Tensor, hasRows: boolean): Tensor {
    const { datatype, data } = tensor;
    if (!hasRows || tensor.shape[0] !== this.#rows) return tensor;
    const shape = tensor.shape.slice(1);
    const size = elementCount(shape) * (data instanceof Uint8Array ? elementBytes[datatype] : 1);
    const [from, to] = [this.#row * size, (this.#row + 1) * size];
    return { ...tensor, shape, data: data instanceof Uint8Array ? data.subarray(from, to) : data.slice(from, to) };
  }
}

/** A value that is always a single one is written as it is, not as an array of it. */
function field(
  { name, shape }: Tensor,
  texts: readonly string[],
  spec: { readonly shape: readonly number[] },
  hasRows: boolean,
): string {
  const isOne = texts.length === 1 && isOneValue(hasRows ? spec.shape.slice(1) : spec.shape);
  return `${JSON.stringify(name)}:${isOne ? texts[0] : nestTexts(texts, shape)}`;
}
