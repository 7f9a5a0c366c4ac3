// tokenizer.json's added tokens: those found in the text as it was sent, and those found in what the normalizers make of it.
import { invalid } from '../../../../registry/errors.ts';
import { AlignedText } from '../../../../worker/pipeline/text/aligned-text.ts';
import { type Header, mostAddedTokens } from '../../../../worker/pipeline/text/artifact.ts';
import type { Normalizer } from '../../../../worker/pipeline/text/normalizers.ts';
import type { ConvertedModel } from './convert-model.ts';
import type { AddedSource } from './source.ts';
import type { ArrayWriter } from './write-artifact.ts';

/** Longer ones would make a search of every place of a text slow. */
const mostCharacters = 256;

/** @throws {PopserveError} INVALID_ARGUMENT for tokens that contradict each other or the vocabulary */
export function convertAdded(
  sources: readonly AddedSource[],
  model: ConvertedModel,
  normalizers: readonly Normalizer[],
  arrays: ArrayWriter,
): Header['added'] {
  if (sources.length > mostAddedTokens) {
    throw invalid(`tokenizer.json: expected at most ${mostAddedTokens} added_tokens, got ${sources.length}`);
  }
  checkIds(sources, model);
  const convert = (chosen: readonly AddedSource[], contentOf: (token: AddedSource) => string) => {
    const contents = new Map<string, number>();
    const tokens: Header['added']['raw']['tokens'] = [];
    for (const token of chosen) {
      const content = contentOf(token);
      if (content === '' || contents.has(content)) continue;
      contents.set(content, tokens.length);
      tokens.push({
        id: token.id,
        singleWord: token.single_word,
        stripLeft: token.lstrip,
        stripRight: token.rstrip,
      });
    }
    return { contents: arrays.addVocabulary(contents), tokens };
  };
  const normalize = ({ content }: AddedSource) =>
    normalizers.reduce((text, step) => step(text), AlignedText.of(content)).text();
  return {
    raw: convert(
      sources.filter(({ normalized }) => !normalized),
      ({ content }) => content,
    ),
    normalized: convert(
      sources.filter(({ normalized }) => normalized),
      normalize,
    ),
  };
}

/** The Rust tokenizers number added tokens themselves and only warn if the file says otherwise: such a file has no one meaning. */
function checkIds(sources: readonly AddedSource[], { ids, size }: ConvertedModel): void {
  const contents = new Map<string, number>();
  let largest = -1;
  for (const { content, id } of sources) {
    const shown = `added token '${content.slice(0, 64)}'`;
    if (content.length > mostCharacters) {
      throw invalid(`tokenizer.json: ${shown} has ${content.length} characters, the limit is ${mostCharacters}`);
    }
    if (!content.isWellFormed()) throw invalid(`tokenizer.json: added token ${id} has half of a surrogate pair`);
    if (contents.has(content)) throw invalid(`tokenizer.json: ${shown} is there twice`);
    const expected = ids.get(content) ?? (largest >= size ? largest + 1 : size);
    if (id !== expected)
      throw invalid(`tokenizer.json: ${shown} has id ${id}, its place in the vocabulary is ${expected}`);
    largest = Math.max(largest, id);
    contents.set(content, id);
  }
}
