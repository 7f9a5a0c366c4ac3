// The answer to records: for each the label and its probability where the model is a classifier, and every other output by name.
import { invalid } from '../../registry/errors.ts';
import { elementCount, isFloat } from '../../registry/signature.ts';
import type { Labels } from './classification.ts';
import { describeShape, quote } from './describe.ts';
import type { EncodedMessage } from './envelope.ts';
import { elementTexts, nestTexts, numbersOf } from './json-rows.ts';
import type { Tensor } from './tensor.ts';

export interface Predictions {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id?: string;
  /** How many records were asked about. */
  readonly count: number;
  readonly outputs: readonly Tensor[];
  /** Class labels by output name. */
  readonly labels?: Readonly<Record<string, Labels>>;
}

/** Rows of numbers, one number per class. */
interface Scores {
  readonly output: Tensor;
  readonly values: ArrayLike<number | bigint>;
  readonly classes: number;
  readonly labels: Labels | undefined;
}

const labelTypes = new Set(['INT64', 'INT32', 'BYTES']);
/** How far from 1 the probabilities of a row may add up to. */
const sumTolerance = 1e-3;

/**
 * `{"predictions": [{"label": …, "probability": …, "probabilities": {…}}]}`: the label is the classifier's own, else that of the
 * highest value. Values that are no probabilities (a row does not add up to 1) are called `score` and `scores`.
 * @throws PopserveError INVALID_ARGUMENT if an output has no row for each record, or BYTES that are not UTF-8
 */
export function encodePredictions(predictions: Predictions): EncodedMessage {
  const { modelName, modelVersion, id, count, outputs } = predictions;
  const labelled = outputs.find(
    ({ datatype, shape }) => labelTypes.has(datatype) && elementCount(shape) === count && shape.length <= 2,
  );
  const scores = findScores(predictions, labelled !== undefined);
  const named = scores ? outputs.filter((output) => output !== scores.output && output !== labelled) : outputs;
  const fields = named.map((output) => ({ name: JSON.stringify(output.name), rows: rowTexts(output, count) }));
  const classify = scores ? classifier(scores, labelled) : null;
  const rows = Array.from({ length: count }, (_, row) => {
    const parts = fields.map(({ name, rows: texts }) => `${name}:${texts[row]}`);
    return `{${[...(classify ? classify(row) : []), ...parts].join(',')}}`;
  });
  const head = JSON.stringify({ model_name: modelName, model_version: modelVersion, id });
  return {
    headers: { 'content-type': 'application/json' },
    body: `${head.slice(0, -1)},"predictions":[${rows.join(',')}]}`,
  };
}

/** An output `[count, classes]` of floats with names for its classes, or beside an output that says which class it is. */
function findScores({ outputs, count, labels }: Predictions, hasLabel: boolean): Scores | null {
  for (const output of outputs) {
    const [batch, classes, ...rest] = output.shape;
    if (!isFloat(output.datatype) || batch !== count || classes === undefined || rest.length > 0) continue;
    const own = labels?.[output.name];
    const known = own?.length === classes ? own : undefined;
    if (classes >= 2 && (known || hasLabel)) return { output, values: numbersOf(output), classes, labels: known };
  }
  return null;
}

function classifier({ output, values, classes, labels }: Scores, labelled: Tensor | undefined) {
  const noun = areProbabilities(values, classes) ? ['probability', 'probabilities'] : ['score', 'scores'];
  const texts = elementTexts(output, `output ${quote(output.name)}`);
  const ownLabels = labelled ? elementTexts(labelled, `output ${quote(labelled.name)}`) : null;
  const keys = Array.from({ length: classes }, (_, index) => JSON.stringify(String(labels?.[index] ?? index)));
  const nameOf = (index: number) => JSON.stringify(labels?.[index] ?? index);
  return (row: number): string[] => {
    const highest = indexOfHighest(values, row * classes, classes);
    const own = ownLabels?.[row];
    const found = own === undefined ? highest : indexOfLabel(own, labels, classes);
    const at = found < 0 ? highest : found;
    const all = keys.map((key, index) => `${key}:${texts[row * classes + index]}`);
    const label = own !== undefined && (found < 0 || labels === undefined) ? own : nameOf(at);
    return [`"label":${label}`, `"${noun[0]}":${texts[row * classes + at]}`, `"${noun[1]}":{${all.join(',')}}`];
  };
}

/** @param text the model's label as JSON: one of the names, or the index of one; -1 if it is neither */
function indexOfLabel(text: string, labels: Labels | undefined, classes: number): number {
  const label: unknown = JSON.parse(text);
  const named = labels?.findIndex((name) => String(name) === String(label)) ?? -1;
  if (named >= 0) return named;
  return typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < classes ? label : -1;
}

function indexOfHighest(values: ArrayLike<number | bigint>, start: number, classes: number): number {
  let highest = 0;
  for (let index = 1; index < classes; index++) {
    if ((values[start + index] ?? 0) > (values[start + highest] ?? 0)) highest = index;
  }
  return highest;
}

function areProbabilities(values: ArrayLike<number | bigint>, classes: number): boolean {
  for (let start = 0; start < values.length; start += classes) {
    let sum = 0;
    for (let index = start; index < start + classes; index++) {
      const value = Number(values[index]);
      if (!(value >= 0 && value <= 1)) return false;
      sum += value;
    }
    if (Math.abs(sum - 1) > sumTolerance) return false;
  }
  return true;
}

/** One JSON text per record; what is one element is that element, not an array of it. */
function rowTexts(output: Tensor, count: number): string[] {
  const where = `output ${quote(output.name)}`;
  const texts = elementTexts(output, where);
  const rest = output.shape[0] === count ? output.shape.slice(1) : output.shape;
  if (output.shape[0] !== count && count !== 1) {
    throw invalid(`${where}: ${describeShape(output.shape)} has no row for each of ${count} records; ask with tensors`);
  }
  const step = elementCount(rest);
  return Array.from({ length: count }, (_, row) => {
    const own = texts.slice(row * step, (row + 1) * step);
    return step === 1 ? (own[0] ?? 'null') : nestTexts(own, rest);
  });
}
