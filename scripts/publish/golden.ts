// Golden vectors: sample inputs with the original's answers in native onnxruntime, kept beside the model as JSON of OIP tensors.
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import { encodeBase64 } from '../../registry/bytes.ts';
import { elementCount, isFloat } from '../../registry/signature.ts';
import { elementsOf } from '../../worker/protocol/elements.ts';
import { encodeTensor } from '../../worker/protocol/encode-tensor.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';

export interface GoldenCase {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** A picture or a text as it is sent, and what the version's pipeline answers. */
export type GoldenItem = ({ readonly picture: Uint8Array } | { readonly text: string }) & {
  readonly answer: TaskAnswer;
};

const maxBytes = 256 * 1024;
/** An element takes two characters or more. */
const leastCharacters = 2;

/** @returns how many cases of this size may fit at most */
export function mostGoldenCases({ inputs, outputs }: GoldenCase): number {
  return Math.floor(maxBytes / (leastCharacters * Math.max(1, countOf(inputs) + countOf(outputs))));
}

/**
 * `{"cases": [{"inputs": [...], "outputs": [...]}]}`: 64-bit integers with all their digits, NaN and infinities as null.
 * @returns as many of the first cases as fit into 256 KiB, without those whose inputs JSON cannot carry, and how many that are; null
 * where none is left
 */
export function encodeGolden(cases: readonly GoldenCase[]): { bytes: Uint8Array<ArrayBuffer>; cases: number } | null {
  const texts: string[] = [];
  let length = '{"cases":[]}'.length;
  for (const { inputs, outputs } of cases) {
    if (mostGoldenCases({ inputs, outputs }) === 0) break;
    const text = inputs.some(hasInfinity) ? null : encodeCase(inputs, outputs);
    if (text === null) continue;
    length += Buffer.byteLength(text) + 1;
    if (length > maxBytes) break;
    texts.push(text);
  }
  if (texts.length === 0) return null;
  return { bytes: new TextEncoder().encode(`{"cases":[${texts.join(',')}]}`), cases: texts.length };
}

/** `{"cases": [{"picture": "<base64>", "answer": [{"label", "score"}]}]}`, of texts with `"text"` in place of the picture */
export function encodeGoldenItems(cases: readonly GoldenItem[]): Uint8Array<ArrayBuffer> {
  const written = cases.map((each) =>
    'picture' in each ? { picture: encodeBase64(each.picture), answer: each.answer } : each,
  );
  return new TextEncoder().encode(JSON.stringify({ cases: written }));
}

function countOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/** JSON has null for it, which an input takes for NaN: the replay would ask something else. */
function hasInfinity({ datatype, data }: Tensor): boolean {
  if (!isFloat(datatype) || !(data instanceof Uint8Array)) return false;
  return elementsOf(datatype, data).some((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
}

function encodeCase(inputs: readonly Tensor[], outputs: readonly Tensor[]): string | null {
  try {
    const [left, right] = [inputs, outputs].map((tensors) =>
      tensors.map((tensor) => encodeTensor(tensor, false, `'${tensor.name}'`)).join(','),
    );
    return `{"inputs":[${left}],"outputs":[${right}]}`;
  } catch {
    // A string that is no UTF-8 has no JSON form.
    return null;
  }
}
