// The answer to records: for each the label and its probability where the model is a classifier, and every other output by name.
import {
  type Classifier,
  type ClassifierModel,
  classifierOf,
  columnOfLabel,
  scoreFields,
  scoreKeys,
} from '../../registry/classifier.ts';
import { invalid } from '../../registry/errors.ts';
import { elementCount, isOneValue } from '../../registry/signature.ts';
import { describeShape, quote } from './describe.ts';
import type { EncodedMessage } from './envelope.ts';
import { elementTexts, nestTexts, numbersOf } from './json-rows.ts';
import type { NonFinite } from './non-finite.ts';
import { rowsOf } from './output-rows.ts';
import type { Tensor } from './tensor.ts';

/** The part of a manifest that describes answers. */
export interface AnsweringModel extends ClassifierModel {
  readonly model: string;
  readonly version: string;
}

export interface Predictions {
  readonly id?: string | undefined;
  /** How many records were asked about. */
  readonly count: number;
  /** All outputs of the model. */
  readonly outputs: readonly Tensor[];
  /** Default: `null`. */
  readonly nonFinite?: NonFinite;
}

/**
 * `{"predictions": [{"label": …, "probability": …, "probabilities": {…}}]}`: the label is the classifier's own, else that of the
 * highest value; null for a record whose scores are not numbers. The probability is the label's own, which need not be the highest (a
 * threshold or votes may decide); it is left out where it is not known which column the label means. Scores that neither the graph
 * nor their name calls probabilities are `score` and `scores`. All of this is decided by the manifest, so that no record's fields
 * depend on the others'.
 * @throws {PopserveError} INVALID_ARGUMENT if an output has no row for each record, or BYTES that are not UTF-8
 */
export function encodePredictions(
  model: AnsweringModel,
  { id, count, outputs, nonFinite = 'null' }: Predictions,
): EncodedMessage {
  const classifier = classifierOf(model);
  const isClass = ({ name }: Tensor) => name === classifier?.scores || name === classifier?.label;
  const fields = outputs
    .filter((output) => !isClass(output))
    .map((output) => ({ name: JSON.stringify(output.name), rows: rowTexts(model, output, count, nonFinite) }));
  const classify = classifier && classifierFields(classifier, outputs.filter(isClass), count, nonFinite);
  const rows = Array.from({ length: count }, (_, row) => {
    const parts = fields.map(({ name, rows: texts }) => `${name}:${texts[row]}`);
    return `{${[...(classify ? classify(row) : []), ...parts].join(',')}}`;
  });
  const head = JSON.stringify({ model_name: model.model, model_version: model.version, id });
  return {
    headers: { 'content-type': 'application/json' },
    body: `${head.slice(0, -1)},"predictions":[${rows.join(',')}]}`,
  };
}

/** The fields of a row that say which class it is. */
function classifierFields(
  classifier: Classifier,
  outputs: readonly Tensor[],
  count: number,
  nonFinite: NonFinite,
): (row: number) => string[] {
  const { classes } = classifier;
  const scores = outputs.find(({ name }) => name === classifier.scores);
  if (scores === undefined || scores.shape.join() !== `${count},${classes}`) {
    const got = scores === undefined ? 'none' : describeShape(scores.shape);
    throw invalid(
      `output ${quote(classifier.scores)}: expected ${describeShape([count, classes])}, got ${got}; ask with tensors`,
    );
  }
  const labelOf = labelsIn(classifier, scores, outputs);
  const noun = scoreFields(classifier);
  const texts = elementTexts(scores, `output ${quote(scores.name)}`, nonFinite);
  const keys = scoreKeys(classifier).map((key) => JSON.stringify(key));
  return (row: number): string[] => {
    const start = row * classes;
    const all = keys.map((key, index) => `${key}:${texts[start + index]}`);
    const scored = `"${noun[1]}":{${all.join(',')}}`;
    const labelled = labelOf(row);
    if (labelled === null) return ['"label":null', `"${noun[0]}":null`, scored];
    const { label, at } = labelled;
    const probability = at < 0 ? [] : [`"${noun[0]}":${texts[start + at]}`];
    return [`"label":${label}`, ...probability, scored];
  };
}

/** How a row is labelled: the JSON of its label, and the column that it means or -1. Null for a row whose scores are not numbers. */
function labelsIn(
  classifier: Classifier,
  scores: Tensor,
  outputs: readonly Tensor[],
): (row: number) => { label: string; at: number } | null {
  const { classes, names } = classifier;
  const labelled = outputs.find(({ name }) => name === classifier.label);
  const ownLabels = labelled ? elementTexts(labelled, `output ${quote(labelled.name)}`) : null;
  const values = numbersOf(scores);
  return (row) => {
    const start = row * classes;
    const own = ownLabels?.[row];
    const at = own === undefined ? indexOfHighest(values, start, classes) : columnOfLabel(JSON.parse(own), classifier);
    if (own === undefined ? at < 0 : isAllNaN(values, start, classes)) return null;
    return { label: own !== undefined && (at < 0 || names === null) ? own : JSON.stringify(names?.[at] ?? at), at };
  };
}

/**
 * The labels that an answer to records would have, whatever form the answer has.
 * @returns null where the outputs that say so were not asked for
 */
export function predictedLabels(classifier: Classifier, outputs: readonly Tensor[], count: number): unknown[] | null {
  const scores = outputs.find(({ name }) => name === classifier.scores);
  if (scores === undefined || scores.shape.join() !== `${count},${classifier.classes}`) return null;
  if (classifier.label !== null && !outputs.some(({ name }) => name === classifier.label)) return null;
  const labelOf = labelsIn(classifier, scores, outputs);
  return Array.from({ length: count }, (_, row): unknown => JSON.parse(labelOf(row)?.label ?? 'null'));
}

/** @returns -1 where a value is not a number: then nobody knows which is the highest */
function indexOfHighest(values: ArrayLike<number | bigint>, start: number, classes: number): number {
  let highest = 0;
  for (let index = 0; index < classes; index++) {
    const value = values[start + index] ?? Number.NaN;
    if (Number.isNaN(value)) return -1;
    if (value > (values[start + highest] ?? 0)) highest = index;
  }
  return highest;
}

function isAllNaN(values: ArrayLike<number | bigint>, start: number, classes: number): boolean {
  for (let index = start; index < start + classes; index++) if (!Number.isNaN(values[index])) return false;
  return true;
}

/** One JSON text per record; a value that is always a single one is written as it is, not as an array of it. */
function rowTexts({ signature }: AnsweringModel, output: Tensor, count: number, nonFinite: NonFinite): string[] {
  const { rows, shape } = rowsOf(output, signature, count, 'tensors');
  const texts = elementTexts(output, `output ${quote(output.name)}`, nonFinite);
  const step = elementCount(shape);
  const declared = signature.outputs.find(({ name }) => name === output.name)?.shape ?? output.shape;
  const isOne = step === 1 && isOneValue(declared.slice(declared.length - shape.length));
  return Array.from({ length: rows }, (_, row) => {
    const own = texts.slice(row * step, (row + 1) * step);
    return isOne ? (own[0] ?? 'null') : nestTexts(own, shape);
  });
}
