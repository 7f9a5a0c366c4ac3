// What an answer said of each record, as far as a truth can be compared with it.
import { batchOf } from '../../../registry/batch.ts';
import { classifierOf } from '../../../registry/classifier.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { isFloat, isOneValue } from '../../../registry/signature.ts';
import { predictedLabels } from '../../protocol/encode-predictions.ts';
import { numbersOf } from '../../protocol/json-rows.ts';
import type { Tensor } from '../../protocol/tensor.ts';

export interface Predicted {
  readonly kind: 'labels' | 'numbers';
  /** One for each record; null where the answer said nothing. */
  readonly values: readonly (string | number | null)[];
}

const mostRecords = 64;

/**
 * @param outputs those that were asked for; they may be views on the heap
 * @returns null for a model that answers neither with a label nor with one number, and for more records than an id has room for
 */
export function predictedOf(manifest: Manifest, outputs: readonly Tensor[], records: number): Predicted | null {
  if (records < 1 || records > mostRecords) return null;
  const classifier = classifierOf(manifest);
  if (classifier !== null) {
    const values = predictedLabels(classifier, outputs, records);
    return values === null
      ? null
      : { kind: 'labels', values: values.map((label) => (label === null ? null : String(label))) };
  }
  const { signature } = manifest;
  const [spec, ...others] = signature.outputs;
  const output = outputs.find(({ name }) => name === spec?.name);
  if (spec === undefined || others.length > 0 || output === undefined || !isFloat(spec.datatype)) return null;
  const hasRows = batchOf(signature).outputs.has(spec.name);
  const shape = hasRows ? output.shape.slice(1) : output.shape;
  if (!isOneValue(shape) || (hasRows ? output.shape[0] !== records : records !== 1)) return null;
  const values = Array.from(numbersOf(output), (value) => (Number.isFinite(Number(value)) ? Number(value) : null));
  return { kind: 'numbers', values };
}
