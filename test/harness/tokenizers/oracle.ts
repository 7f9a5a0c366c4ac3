// The Rust tokenizers, from a package with prebuilt binaries: what they give is right. On a system without a binary its tests skip.
import type { Tokenizer } from '@anush008/tokenizers';

type Library = typeof import('@anush008/tokenizers');

export const rust: Library | null = await import('@anush008/tokenizers').then(
  (module) => (module as Library & { default?: Library }).default ?? module,
  () => null,
);

export interface Tokens {
  readonly ids: number[];
  /** Pairs of start and end in code points, one behind the other. */
  readonly offsets: number[];
  readonly typeIds: number[];
}

export async function rustTokens(tokenizer: Tokenizer, text: string, addSpecialTokens = true): Promise<Tokens> {
  const encoding = await tokenizer.encode(text, null, { addSpecialTokens });
  return { ids: encoding.getIds(), offsets: encoding.getOffsets().flat(), typeIds: encoding.getTypeIds() };
}
