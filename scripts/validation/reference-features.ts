// The baseline from what was run: inputs as they went in, outputs as they came out.
import { type Baseline, takeBaseline } from '../../registry/baseline.ts';
import { inRows } from '../../registry/batch.ts';
import { type ReferenceRows, sumUp } from '../../registry/feature.ts';
import type { Signature, TensorSpec } from '../../registry/signature.ts';
import { elementsOf, type NumericDatatype } from '../../worker/protocol/elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { TestData } from './test-data.ts';

/** Collects the tensors of run after run. Of large inputs only the figures are kept that sum a row up. */
export class ReferenceFeatures {
  readonly #signature: Signature;
  readonly #data: TestData;
  readonly #inputs: ReadonlyMap<string, TensorSpec>;
  readonly #tensors = new Map<string, ReferenceRows[]>();

  constructor(signature: Signature, data: TestData) {
    this.#signature = signature;
    this.#data = data;
    this.#inputs = new Map(signature.inputs.map((spec) => [spec.name, inRows(spec, signature)]));
  }

  add(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      const runs = this.#tensors.get(tensor.name) ?? [];
      const spec = this.#inputs.get(tensor.name);
      const rows = featureTensor(inRows(tensor, this.#signature));
      runs.push(spec === undefined ? rows : sumUp(spec, rows));
      this.#tensors.set(tensor.name, runs);
    }
  }

  /** @param scores the output that holds scores of classes, where that is known */
  baseline(scores: string | undefined): Baseline {
    const known = scores === undefined ? {} : { scores: new Set([scores]) };
    const { names, reference } = this.#data;
    return takeBaseline(this.#signature, { tensors: this.#tensors, names, ...known }, reference);
  }
}

function featureTensor({ datatype, shape, data }: Tensor) {
  if (!(data instanceof Uint8Array)) return { shape, elements: data.map((bytes) => new TextDecoder().decode(bytes)) };
  return { shape, elements: elementsOf(datatype as NumericDatatype, data) as ArrayLike<number> };
}
