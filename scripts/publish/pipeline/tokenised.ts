// Texts as the PoP prepares them, for samples, golden vectors and the gate.
import type { TextInput } from '../../../registry/pipeline/text-input.ts';
import type { Prepared, TextItem } from '../../../worker/pipeline/items.ts';
import { TextBatch, tokenising } from '../../../worker/pipeline/prepare-texts.ts';
import type { Tokenizer } from '../../../worker/pipeline/text/tokenizer.ts';

/** A version's own way to prepare texts. */
export interface TextPreparation {
  readonly input: TextInput;
  readonly tokenizer: Tokenizer;
}

/** @param texts at least one; they become rows of one width */
export function prepareTexts(texts: readonly string[], { input, tokenizer }: TextPreparation): Prepared<TextItem> {
  const { texts: prompted, prompt, options } = tokenising(texts, input);
  const encodings = prompted.map((text) => tokenizer.encode(text, options));
  return new TextBatch(texts, encodings, prompt, input).prepared();
}
