// Inputs that the graph writes as its label is written: a model that was trained with its truth as an input says codes of it.
import type { OutputRole } from '../../../registry/output-role.ts';
import { GraphIndex, isMlOperator, type Label } from '../graph-index.ts';
import type { GraphProto } from '../onnx_pb.ts';
import { originOf } from './heads.ts';
import { encodedKeys, encoding } from './winner.ts';

export interface InputCodes {
  readonly input: string;
  /** The output with the scores. */
  readonly output: string;
  /** How the input writes the classes, in the order of the columns. */
  readonly names: readonly Label[];
}

/** @returns inputs whose encoded values are what a label says of the columns of scores, as ML.NET exports its keys */
export function inputCodes(graph: GraphProto, roles: readonly OutputRole[]): InputCodes[] {
  const index = new GraphIndex(graph);
  const said = roles.flatMap(({ says }) => Object.entries(says ?? {}));
  return graph.node.flatMap((node) => {
    const input = originOf(index, node.input[0] ?? '');
    if (!isMlOperator(node, 'LabelEncoder') || !index.inputs.has(input)) return [];
    const [keys, code] = [encodedKeys(node) ?? [], encoding(node)];
    return said.flatMap(([output, labels]) => {
      // More keys than classes are a feature that is encoded with small numbers, as every ordinal one is.
      if (labels === 'column' || keys.length !== labels.length) return [];
      const names = labels.flatMap((label) => keys.find((key) => String(code?.(key)) === String(label)) ?? []);
      return names.length === labels.length && String(names) !== String(labels) ? [{ input, output, names }] : [];
    });
  });
}
