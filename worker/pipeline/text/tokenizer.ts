// From a text to the numbers that a model takes: normalise, cut into words, cut these into tokens, put the special ones around them.
// Gives what the Rust tokenizers give for the same file, ids and offsets, in one pass without a copy of the vocabulary in JS objects.
// @see https://huggingface.co/docs/tokenizers/pipeline
import { AddedTokens } from './added-tokens.ts';
import { AlignedText } from './aligned-text.ts';
import { type Artifact, type Header, readArtifact } from './artifact.ts';
import { type Encoding, TokenList } from './encoding.ts';
import type { Model } from './model.ts';
import { createModel } from './models.ts';
import { createNormalizer, type Normalizer } from './normalizers.ts';
import { Pieces } from './pieces.ts';
import { createPreTokenizer, type PreTokenizer } from './pre-tokenizers.ts';
import { finish } from './template.ts';
import { none } from './vocabulary.ts';

export type { Encoding } from './encoding.ts';

export interface EncodeOptions {
  /** Tokens in all, the template's among them; null for no limit. */
  readonly maxLength: number | null;
  readonly addSpecialTokens: boolean;
}

export interface Tokenizer {
  encode(text: string, options: EncodeOptions): Encoding;
  /** Memory that it takes. */
  readonly byteLength: number;
  /** How a batch is filled up; null: the tokenizer does not say. */
  readonly pad: { readonly id: number; readonly typeId: number; readonly side: 'left' | 'right' } | null;
}

/**
 * @param artifact kept for as long as the tokenizer is used
 * @throws {PopserveError} INVALID_ARGUMENT if the bytes are no tokenizer of this format
 */
export function readTokenizer(artifact: Uint8Array): Tokenizer {
  return new ArtifactTokenizer(readArtifact(artifact), artifact.byteLength);
}

class ArtifactTokenizer implements Tokenizer {
  readonly byteLength: number;
  readonly #header: Header;
  readonly #raw: AddedTokens;
  readonly #normalized: AddedTokens;
  readonly #normalizers: readonly Normalizer[];
  readonly #preTokenizers: readonly PreTokenizer[];
  readonly #model: Model;

  constructor({ header, arrays }: Artifact, byteLength: number) {
    this.byteLength = byteLength;
    this.#header = header;
    const added = ({ contents, tokens }: Header['added']['raw'], what: string) =>
      new AddedTokens(arrays.vocabulary(contents, what, Math.max(1, tokens.length)), tokens);
    this.#raw = added(header.added.raw, 'added.raw');
    this.#normalized = added(header.added.normalized, 'added.normalized');
    this.#normalizers = header.normalizers.map((spec) => createNormalizer(spec, arrays));
    this.#preTokenizers = header.preTokenizers.map(createPreTokenizer);
    this.#model = createModel(header.model, arrays);
  }

  get pad(): Tokenizer['pad'] {
    return this.#header.pad;
  }

  encode(text: string, options: EncodeOptions): Encoding {
    const { template, truncateAt, model } = this.#header;
    const tokens = new TokenList(template.trim !== null);
    const sent = AlignedText.of(text);
    for (const { from, to, id } of this.#raw.split(sent)) {
      if (id === none) this.#encodePart(sent.slice(from, to), tokens);
      else tokens.add(sent, id, from, to);
    }
    return finish(tokens, { template, truncateAt, unknownId: model.unknownId, ...options });
  }

  #encodePart(part: AlignedText, tokens: TokenList): void {
    const normalized = this.#normalizers.reduce((text, normalize) => normalize(text), part);
    for (const { from, to, id } of this.#normalized.split(normalized)) {
      if (id === none) this.#encodeWords(normalized.slice(from, to), tokens);
      else tokens.add(normalized, id, from, to);
    }
  }

  #encodeWords(text: AlignedText, tokens: TokenList): void {
    const whole = new Pieces(text);
    whole.add(0, text.length);
    const words = this.#preTokenizers.reduce((pieces, split) => split(pieces), whole);
    for (let word = 0; word < words.length; word += 1) {
      this.#model.tokenize(words.text, words.from(word), words.to(word), tokens);
    }
  }
}
