// Around the tokens of a text: the special tokens that the model was trained with, and the cut at the length that it takes.
import * as z from 'zod';
import type { Encoding, TokenList } from './encoding.ts';

const placed = z.strictObject({ id: z.int().min(0), typeId: z.int().min(0).max(255) });

export const templateSchema = z.strictObject({
  before: z.array(placed).max(64),
  /** Type id of the text's own tokens. */
  typeId: z.int().min(0).max(255),
  after: z.array(placed).max(64),
  /**
   * Blanks at the ends of tokens are not in their offsets; `keepFirst`: but the one that the pre-tokenizer puts before a text. Null:
   * offsets stay as they are.
   */
  trim: z.strictObject({ keepFirst: z.boolean() }).nullable(),
});

export type Template = z.infer<typeof templateSchema>;

export interface FinishOptions {
  readonly template: Template;
  /** Where tokens beyond the length are dropped. */
  readonly truncateAt: 'left' | 'right';
  /** Null: a vocabulary without an unknown token. */
  readonly unknownId: number | null;
  /** Tokens in all, the template's among them; null for no limit. */
  readonly maxLength: number | null;
  readonly addSpecialTokens: boolean;
}

/** Cuts the tokens to the length that is left beside the template's, and puts those around them. */
export function finish(tokens: TokenList, options: FinishOptions): Encoding {
  const { template, truncateAt, unknownId, maxLength, addSpecialTokens } = options;
  const before = addSpecialTokens ? template.before : [];
  const after = addSpecialTokens ? template.after : [];
  const added = before.length + after.length;
  const room = maxLength === null ? tokens.length : Math.max(0, maxLength - added);
  const kept = Math.min(tokens.length, room);
  const first = truncateAt === 'left' ? tokens.length - kept : 0;
  const length = kept + added;
  const ids = new Int32Array(length);
  const typeIds = new Uint8Array(length).fill(template.typeId);
  const offsets = new Int32Array(2 * length);
  const special = new Uint8Array(length);
  const place = (index: number, { id, typeId }: Template['before'][number]) => {
    ids[index] = id;
    typeIds[index] = typeId;
    special[index] = 1;
  };
  for (const [index, token] of before.entries()) place(index, token);
  let unknown = 0;
  for (let index = 0; index < kept; index += 1) {
    const id = tokens.ids[first + index] ?? 0;
    if (id === unknownId) unknown += 1;
    const target = before.length + index;
    ids[target] = id;
    const [start, end] = trimmed(tokens, first + index, template.trim, index === 0);
    offsets[2 * target] = start;
    offsets[2 * target + 1] = end;
  }
  for (const [index, token] of after.entries()) place(before.length + kept + index, token);
  const total = tokens.length + added;
  return { ids, typeIds, offsets, special, unknown, truncated: kept < tokens.length, total };
}

function trimmed(
  { starts, ends, leading, trailing }: TokenList,
  index: number,
  trim: Template['trim'],
  isFirst: boolean,
): readonly [number, number] {
  let [start, end] = [starts[index] ?? 0, ends[index] ?? 0];
  if (trim === null) return [start, end];
  const [before, behind] = [leading?.[index] ?? 0, trailing?.[index] ?? 0];
  const isPutThere = trim.keepFirst && before === 1 && (isFirst || start === 0);
  if (!isPutThere) start = Math.min(start + before, end);
  if (end >= behind) end = Math.max(end - behind, start);
  return [start, end];
}
