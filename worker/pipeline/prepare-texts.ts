// From texts to a model's inputs: the text steps of a pipeline around a tokenizer.
import type { PipelineParameters } from '../../registry/api/pipeline-request.ts';
import { invalid, PopserveError } from '../../registry/errors.ts';
import { largest } from '../../registry/extremes.ts';
import { type TextInput, type TextStepOf, textStep } from '../../registry/pipeline/text-input.ts';
import { quote } from '../protocol/describe.ts';
import type { Tensor, TensorHead } from '../protocol/tensor.ts';
import { codePoints } from './code-points.ts';
import type { Prepared, TextItem } from './items.ts';

/** What a tokenizer makes of a text. */
export interface Encoding {
  readonly ids: Int32Array;
  readonly typeIds: Uint8Array;
  /** Pairs of where each token begins and ends, in code points of the text. */
  readonly offsets: Int32Array;
  readonly special: Uint8Array;
  readonly unknown: number;
  readonly truncated: boolean;
  /** Tokens that the text would have without a limit. */
  readonly total: number;
}

export interface Tokenizer {
  encode(text: string, options: { readonly maxLength: number; readonly addSpecialTokens: boolean }): Encoding;
}

type TextParameters = Pick<PipelineParameters, 'prompt_name' | 'truncate'>;

/** Texts on their way into tensors: how large those are is known before one is made. */
export class TextBatch {
  readonly items: readonly TextItem[];
  readonly #input: TextInput;
  readonly #encodings: readonly Encoding[];
  readonly #width: number;

  /**
   * @param texts at least one
   * @throws {PopserveError} INVALID_ARGUMENT for a prompt that the version does not have; TOO_LARGE for a text of too many tokens that
   *   is not to be truncated. The message names the step and, among several, the place
   */
  constructor(texts: readonly string[], input: TextInput, tokenizer: Tokenizer, parameters: TextParameters = {}) {
    this.#input = input;
    const prompt = promptOf(input, parameters.prompt_name);
    const { specialTokens } = stepOf(input, 'tokenise');
    const { length: maxLength } = stepOf(input, 'truncate');
    this.#encodings = texts.map((text, index) => {
      const encoding = tokenizer.encode(prompt + text, { maxLength, addSpecialTokens: specialTokens });
      if (!encoding.truncated || parameters.truncate !== false) return encoding;
      const where = texts.length === 1 ? 'truncate' : `inputs[${index}]: truncate`;
      throw new PopserveError(
        'TOO_LARGE',
        `${where}: the text has ${encoding.total} tokens, the limit is ${maxLength}; shorten it, or let it be cut off with "truncate": true`,
      );
    });
    const pad = stepOf(input, 'pad');
    this.#width = widthOf(pad, this.#encodings);
    const promptLength = codePoints(prompt);
    this.items = this.#encodings.map(({ ids, offsets, special, unknown, total }, index) => ({
      ...{ text: texts[index] ?? '', promptLength, offsets, special, unknown, total },
      column: pad.side === 'left' ? this.#width - ids.length : 0,
      tokens: ids.length,
    }));
  }

  /** The tensors without their elements. */
  get heads(): TensorHead[] {
    const { ids, mask, types } = this.#input.inputs;
    const { datatype } = stepOf(this.#input, 'layout');
    const shape = [this.items.length, this.#width];
    return [ids, mask, types].flatMap((name) => (name === undefined ? [] : [{ name, datatype, shape }]));
  }

  /** Of all tensors. */
  get byteLength(): number {
    const bytes = stepOf(this.#input, 'layout').datatype === 'INT64' ? 8 : 4;
    return this.heads.length * this.items.length * this.#width * bytes;
  }

  prepared(): Prepared<TextItem> {
    const { ids, mask } = this.#input.inputs;
    const { id } = stepOf(this.#input, 'pad');
    const inputs = this.heads.map((head) => {
      if (head.name === ids) return this.#tensor(head, id, (encoding, at) => encoding.ids[at] ?? 0);
      if (head.name === mask) return this.#tensor(head, 0, () => 1);
      return this.#tensor(head, 0, (encoding, at) => encoding.typeIds[at] ?? 0);
    });
    return { inputs, items: this.items };
  }

  #tensor(head: TensorHead, filling: number, elementOf: (encoding: Encoding, at: number) => number): Tensor {
    const values = new Int32Array(this.items.length * this.#width).fill(filling);
    for (const [row, encoding] of this.#encodings.entries()) {
      const start = row * this.#width + (this.items[row]?.column ?? 0);
      for (let at = 0; at < encoding.ids.length; at++) values[start + at] = elementOf(encoding, at);
    }
    const elements = head.datatype === 'INT64' ? BigInt64Array.from(values, BigInt) : values;
    return { ...head, data: new Uint8Array(elements.buffer as ArrayBuffer) };
  }
}

function promptOf(input: TextInput, name: string | undefined): string {
  const prompt = textStep(input, 'prompt');
  const wanted = name ?? prompt?.standard;
  if (wanted === undefined) return '';
  const texts = prompt?.texts ?? {};
  if (Object.hasOwn(texts, wanted)) return texts[wanted] ?? '';
  const known = Object.keys(texts).map((each) => `'${each}'`);
  throw invalid(`prompt: expected ${known.length > 0 ? known.join(' or ') : 'no prompt_name'}, got ${quote(wanted)}`);
}

/** A row needs a place: a text without a token is filled up to one. */
function widthOf(pad: TextStepOf<'pad'>, encodings: readonly Encoding[]): number {
  if (pad.to === 'length') return pad.length;
  const { multiple = 1 } = pad;
  const longest = largest(
    encodings.map(({ ids }) => ids.length),
    1,
  );
  return Math.ceil(longest / multiple) * multiple;
}

function stepOf<N extends 'tokenise' | 'truncate' | 'pad' | 'layout'>(input: TextInput, name: N): TextStepOf<N> {
  const step = textStep(input, name);
  if (step === undefined) throw new Error(`a pipeline without the step ${name}`);
  return step;
}
