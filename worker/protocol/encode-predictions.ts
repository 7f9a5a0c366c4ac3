// The answer to records: for each the label and its probability where the model is a classifier, and every other output by name.
import { invalid } from '../../registry/errors.ts';
import type { OutputRole } from '../../registry/output-role.ts';
import { elementCount } from '../../registry/signature.ts';
import type { Labels } from './classification.ts';
import { describeShape, quote } from './describe.ts';
import type { EncodedMessage } from './envelope.ts';
import { type ClassifierOutputs, columnOfLabel, findClassifier } from './find-classifier.ts';
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
  /** The role of each output, found when the version was published. */
  readonly roles?: readonly OutputRole[];
}

/** Fields that tell the class of a record. */
const classFields = new Set(['label', 'probability', 'probabilities', 'score', 'scores']);
/** How far from 1 the probabilities of a row may add up to. */
const sumTolerance = 1e-3;

/**
 * `{"predictions": [{"label": …, "probability": …, "probabilities": {…}}]}`: the label is the classifier's own, else that of the
 * highest value. The probability is the label's own, which need not be the highest (a threshold or votes may decide); it is left out
 * where it is not known which column the label means. Values that are no probabilities (a row does not add up to 1) are called `score`
 * and `scores`.
 * @throws PopserveError INVALID_ARGUMENT if an output has no row for each record, or BYTES that are not UTF-8
 */
export function encodePredictions(predictions: Predictions): EncodedMessage {
  const { modelName, modelVersion, id, count, outputs } = predictions;
  const found = findClassifier(predictions);
  const beside = outputs.filter((output) => output !== found?.scores && output !== found?.label);
  // No record has two fields of one name: then every output stands for itself.
  const classifier = beside.some(({ name }) => classFields.has(name)) ? null : found;
  const named = classifier === null ? outputs : beside;
  const fields = named.map((output) => ({ name: JSON.stringify(output.name), rows: rowTexts(output, count) }));
  const classify = classifier === null ? null : classifierFields(classifier);
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

/** The fields of a row that say which class it is. */
function classifierFields(classifier: ClassifierOutputs): (row: number) => string[] {
  const { label: labelled, scores, classes, names } = classifier;
  const values = numbersOf(scores);
  const noun = areProbabilities(values, classes) ? ['probability', 'probabilities'] : ['score', 'scores'];
  const texts = elementTexts(scores, `output ${quote(scores.name)}`);
  const ownLabels = labelled ? elementTexts(labelled, `output ${quote(labelled.name)}`) : null;
  const keys = Array.from({ length: classes }, (_, index) => JSON.stringify(String(names?.[index] ?? index)));
  return (row: number): string[] => {
    const own = ownLabels?.[row];
    const at =
      own === undefined ? indexOfHighest(values, row * classes, classes) : columnOfLabel(JSON.parse(own), classifier);
    const all = keys.map((key, index) => `${key}:${texts[row * classes + index]}`);
    const label = own !== undefined && (at < 0 || names === null) ? own : JSON.stringify(names?.[at] ?? at);
    const probability = at < 0 ? [] : [`"${noun[0]}":${texts[row * classes + at]}`];
    return [`"label":${label}`, ...probability, `"${noun[1]}":{${all.join(',')}}`];
  };
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
