// The baseline from what was run: inputs as they went in, outputs as they came out.
import { type Baseline, takeBaseline } from '../../registry/baseline.ts';
import type { FeatureTensor } from '../../registry/feature.ts';
import type { Signature } from '../../registry/signature.ts';
import { elementsOf, type NumericDatatype } from '../../worker/protocol/elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Answer } from './answers.ts';
import type { TestData } from './test-data.ts';

/** @param scores the output that holds scores of classes, where that is known */
export function baselineOf(
  signature: Signature,
  data: TestData,
  answers: readonly Answer[],
  scores: string | undefined,
): Baseline {
  const tensors = new Map<string, FeatureTensor[]>();
  for (const { inputs, outputs } of answers) {
    for (const tensor of [...inputs, ...outputs]) {
      const runs = tensors.get(tensor.name) ?? [];
      runs.push(featureTensor(tensor));
      tensors.set(tensor.name, runs);
    }
  }
  const known = scores === undefined ? {} : { scores: new Set([scores]) };
  return takeBaseline(signature, { tensors, names: data.names, ...known }, data.reference);
}

function featureTensor({ datatype, shape, data }: Tensor): FeatureTensor {
  if (!(data instanceof Uint8Array)) return { shape, elements: data.map((bytes) => new TextDecoder().decode(bytes)) };
  return { shape, elements: elementsOf(datatype as NumericDatatype, data) as ArrayLike<number> };
}
