// From texts to a model's inputs: the text steps of a pipeline before and behind the tokenizer.
import { invalid, PopserveError } from '../../registry/errors.ts';
import { largest } from '../../registry/extremes.ts';
import { type TextInput, type TextStepOf, textStep } from '../../registry/pipeline/text-input.ts';
import { quote } from '../protocol/describe.ts';
import type { Tensor, TensorHead } from '../protocol/tensor.ts';
import { codePoints } from './code-points.ts';
import type { Prepared, TextItem } from './items.ts';
import type { Encoding } from './text/tokenizer.ts';

/** What a tokenizer is asked for: texts with the prompt before each, and how many of its tokens are kept. */
export interface Tokenising {
  readonly prompt: string;
  readonly texts: readonly string[];
  readonly options: { readonly maxLength: number; readonly addSpecialTokens: boolean };
}

/** @throws {PopserveError} INVALID_ARGUMENT for a prompt that the version does not have */
export function tokenising(texts: readonly string[], input: TextInput, promptName?: string): Tokenising {
  const prompt = promptOf(input, promptName);
  return {
    prompt,
    texts: prompt === '' ? texts : texts.map((text) => prompt + text),
    options: { maxLength: stepOf(input, 'truncate').length, addSpecialTokens: stepOf(input, 'tokenise').specialTokens },
  };
}

/**
 * Refuses texts that were cut off, for callers who want none cut off.
 * @throws {PopserveError} TOO_LARGE naming the step and, among several, the place
 */
export function requireWhole(encodings: readonly Encoding[], { options }: Pick<Tokenising, 'options'>): void {
  for (const [index, { truncated, total }] of encodings.entries()) {
    if (!truncated) continue;
    const where = encodings.length === 1 ? 'truncate' : `inputs[${index}]: truncate`;
    throw new PopserveError(
      'TOO_LARGE',
      `${where}: the text has ${total} tokens, the limit is ${options.maxLength}; shorten it, or let it be cut off with "truncate": true`,
    );
  }
}

/** Tokens on their way into tensors: how large those are is known before one is made. */
export class TextBatch {
  readonly items: readonly TextItem[];
  readonly #input: TextInput;
  readonly #encodings: readonly Encoding[];
  readonly #width: number;

  /**
   * @param texts as they were sent, at least one
   * @param encodings what the tokenizer made of each with the prompt
   */
  constructor(texts: readonly string[], encodings: readonly Encoding[], prompt: string, input: TextInput) {
    this.#input = input;
    this.#encodings = encodings;
    const pad = stepOf(input, 'pad');
    this.#width = widthOf(pad, encodings);
    const promptLength = codePoints(prompt);
    this.items = encodings.map(({ ids, offsets, special, unknown, total }, index) => ({
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
