// The steps that a tokenizer takes before it looks for words: each a pure function of an aligned text.
import * as z from 'zod';
import { type AlignedText, TextBuilder } from './aligned-text.ts';
import { classesOf, control, isIdeograph, nonspacing, whitespace } from './characters.ts';
import { toUnicodeForm, unicodeForms } from './unicode-forms.ts';

export const normalizerSchema = z.discriminatedUnion('type', [
  /** BERT's cleaning: in this order, each if it is set. */
  z.strictObject({
    type: z.literal('bert'),
    /** Removes control characters, and makes every kind of white space a space. */
    clean: z.boolean(),
    /** Spaces around each CJK ideograph. */
    ideographs: z.boolean(),
    stripAccents: z.boolean(),
    lowercase: z.boolean(),
  }),
  z.strictObject({ type: z.literal('unicode'), form: z.enum(unicodeForms) }),
  z.strictObject({ type: z.literal('lowercase') }),
]);

export type NormalizerSpec = z.infer<typeof normalizerSchema>;

export type Normalizer = (text: AlignedText) => AlignedText;

export function createNormalizer(spec: NormalizerSpec): Normalizer {
  switch (spec.type) {
    case 'bert':
      return (text) => normalizeBert(text, spec);
    case 'unicode':
      return (text) => toUnicodeForm(text, spec.form);
    case 'lowercase':
      return lowercase;
  }
}

type BertSpec = Extract<NormalizerSpec, { type: 'bert' }>;

function normalizeBert(
  text: AlignedText,
  { clean, ideographs, stripAccents, lowercase: lower }: BertSpec,
): AlignedText {
  let normalized = text;
  if (clean) normalized = cleanText(normalized);
  if (ideographs) normalized = surroundIdeographs(normalized);
  if (stripAccents) normalized = dropCodes(toUnicodeForm(normalized, 'NFD'), nonspacing);
  return lower ? lowercase(normalized) : normalized;
}

function cleanText(text: AlignedText): AlignedText {
  const builder = new TextBuilder(text);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.codes[index] ?? 0;
    const classes = classesOf(code);
    if (code === 0 || code === 0xfffd || (classes & control) !== 0) builder.skip(1);
    else builder.replace((classes & whitespace) === 0 ? code : space);
  }
  return builder.build();
}

const space = 0x20;

function surroundIdeographs(text: AlignedText): AlignedText {
  const builder = new TextBuilder(text);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.codes[index] ?? 0;
    if (isIdeograph(code)) {
      builder.replace(space);
      builder.insert(code);
      builder.insert(space);
    } else {
      builder.replace(code);
    }
  }
  return builder.build();
}

/** Leaves out the code points of a class. */
function dropCodes(text: AlignedText, dropped: number): AlignedText {
  const builder = new TextBuilder(text);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.codes[index] ?? 0;
    if ((classesOf(code) & dropped) === 0) builder.replace(code);
    else builder.skip(1);
  }
  return builder.build();
}

/** One by one: the form of a letter does not depend on those beside it. */
function lowercase(text: AlignedText): AlignedText {
  const builder = new TextBuilder(text);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.codes[index] ?? 0;
    if (code < 0x80) {
      builder.replace(code >= 0x41 && code <= 0x5a ? code + 0x20 : code);
      continue;
    }
    const upper = String.fromCodePoint(code);
    const lower = upper.toLowerCase();
    if (lower === upper) {
      builder.replace(code);
      continue;
    }
    let first = true;
    for (const character of lower) {
      if (first) builder.replace(character.codePointAt(0) ?? 0);
      else builder.insert(character.codePointAt(0) ?? 0);
      first = false;
    }
  }
  return builder.build();
}
