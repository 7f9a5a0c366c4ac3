// The classifier operators of ai.onnx.ml: which of their outputs is the label, which holds a score for each class, and what the classes are called.
// @see https://onnx.ai/onnx/operators/index.html#ai-onnx-ml
import { attributeOf, integerLabel, isMlOperator, type Label, textOf } from '../graph-index.ts';
import type { NodeProto } from '../onnx_pb.ts';

const classifiers = ['LinearClassifier', 'SVMClassifier', 'TreeEnsembleClassifier'];
/** LinearClassifier and SVMClassifier call their integers `classlabels_ints`, the others `classlabels_int64s`. */
const integerAttributes = ['classlabels_ints', 'classlabels_int64s'];

export function isClassifier(node: NodeProto): boolean {
  return classifiers.some((type) => isMlOperator(node, type));
}

/** Is this value the scores of a classifier, with one column for each of its classes? */
export function isScores(node: NodeProto, value: string): boolean {
  return isClassifier(node) && node.output[1] === value && !scoresPairs(node);
}

export function isLabel(node: NodeProto, value: string): boolean {
  return isClassifier(node) && node.output[0] === value;
}

/** In order of the scores; null where the node names none. */
export function classLabels(node: NodeProto): readonly Label[] | null {
  const strings = attributeOf(node, 'classlabels_strings')?.strings ?? [];
  if (strings.length > 0) return strings.map(textOf);
  const integers = integerAttributes.flatMap((name) => attributeOf(node, name)?.ints ?? []);
  return integers.length > 0 ? integers.map(integerLabel) : null;
}

/** Does the node itself turn its scores into probabilities? */
export function givesShares(node: NodeProto): boolean {
  const transform = attributeOf(node, 'post_transform')?.s;
  return transform !== undefined && ['SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'].includes(textOf(transform));
}

/** A support vector classifier without probabilities scores pairs of classes, and its label is chosen by their votes. */
export function scoresPairs(node: NodeProto): boolean {
  if (!isMlOperator(node, 'SVMClassifier')) return false;
  const vectors = attributeOf(node, 'vectors_per_class')?.ints.length ?? 0;
  return vectors > 0 && (attributeOf(node, 'prob_a')?.floats.length ?? 0) === 0;
}
