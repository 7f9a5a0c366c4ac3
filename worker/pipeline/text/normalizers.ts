// The steps that a tokenizer takes before it looks for words: each a pure function of an aligned text.
import * as z from 'zod';
import { type AlignedText, TextBuilder } from './aligned-text.ts';
import { type Arrays, arraySchema } from './arrays.ts';
import { putBytes } from './byte-level.ts';
import { classesOf, control, isIdeograph, isWhitespace, mark, nonspacing, whitespace } from './characters.ts';
import { PrecompiledRules } from './precompiled.ts';
import { codesOf, createMatcher, patternSchema, replaceMatches } from './replace.ts';
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
  /** Drops white space at the ends. */
  z.strictObject({ type: z.literal('strip'), left: z.boolean(), right: z.boolean() }),
  /** Drops combining marks; a form that decomposes letters comes before it. */
  z.strictObject({ type: z.literal('strip-accents') }),
  /** Puts a text before one that is not empty. */
  z.strictObject({ type: z.literal('prepend'), text: z.string().min(1).max(64) }),
  z.strictObject({ type: z.literal('replace'), pattern: patternSchema, text: z.string().max(64) }),
  /** SentencePiece's cleaning: drops control characters, and makes spaces of what is like them. */
  z.strictObject({ type: z.literal('nmt') }),
  /** Bytes as visible characters. */
  z.strictObject({ type: z.literal('bytes') }),
  /** SentencePiece's compiled rules: u32 units of the trie, and the bytes of the replacements. */
  z.strictObject({ type: z.literal('precompiled'), units: arraySchema, replacements: arraySchema }),
]);

export type NormalizerSpec = z.infer<typeof normalizerSchema>;

export type Normalizer = (text: AlignedText) => AlignedText;

/** @throws {PopserveError} INVALID_ARGUMENT if an array that it names lies outside the artifact */
export function createNormalizer(spec: NormalizerSpec, arrays: Arrays): Normalizer {
  switch (spec.type) {
    case 'bert':
      return (text) => normalizeBert(text, spec);
    case 'unicode':
      return (text) => toUnicodeForm(text, spec.form);
    case 'lowercase':
      return lowercase;
    case 'strip':
      return (text) => strip(text, spec);
    case 'strip-accents':
      return (text) => dropCodes(text, mark);
    case 'prepend':
      return (text) => prepend(text, codesOf(spec.text));
    case 'replace': {
      const [match, content] = [createMatcher(spec.pattern), codesOf(spec.text)];
      return (text) => replaceMatches(text, match, content);
    }
    case 'nmt':
      return cleanNmt;
    case 'bytes':
      return toBytes;
    case 'precompiled': {
      const units = arrays.array(Uint32Array, spec.units, 'precompiled');
      const rules = new PrecompiledRules(units, arrays.array(Uint8Array, spec.replacements, 'precompiled'));
      return (text) => rules.apply(text);
    }
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

function strip(text: AlignedText, { left, right }: Extract<NormalizerSpec, { type: 'strip' }>): AlignedText {
  let from = 0;
  let to = text.length;
  while (left && from < to && isWhitespace(text.codes[from] ?? 0)) from += 1;
  while (right && to > from && isWhitespace(text.codes[to - 1] ?? 0)) to -= 1;
  return from === 0 && to === text.length ? text : text.slice(from, to, text.origin);
}

function prepend(text: AlignedText, codes: readonly number[]): AlignedText {
  if (text.length === 0) return text;
  const builder = new TextBuilder(text);
  for (const [index, code] of codes.entries()) {
    if (index === 0) builder.replace(code);
    else builder.insert(code);
  }
  builder.insert(text.codes[0] ?? 0);
  for (let index = 1; index < text.length; index += 1) builder.replace(text.codes[index] ?? 0);
  return builder.build();
}

function cleanNmt(text: AlignedText): AlignedText {
  const builder = new TextBuilder(text);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.codes[index] ?? 0;
    if (isNmtControl(code)) builder.skip(1);
    else builder.replace(isNmtSpace(code) ? space : code);
  }
  return builder.build();
}

/** @see https://github.com/google/sentencepiece/blob/master/src/builder.cc */
function isNmtControl(code: number): boolean {
  if (code > 0x9f) return false;
  if (code < 0x20) return code !== 0 && code !== 0x09 && code !== 0x0a && code !== 0x0c && code !== 0x0d;
  return code === 0x7f || code === 0x8f || code === 0x9f;
}

function isNmtSpace(code: number): boolean {
  if (code < 0x1680) return code === 0x09 || code === 0x0a || code === 0x0c || code === 0x0d;
  return (code >= 0x200b && code <= 0x200f) || [0x1680, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd].includes(code);
}

function toBytes(text: AlignedText): AlignedText {
  const builder = new TextBuilder(text);
  for (let index = 0; index < text.length; index += 1) putBytes(builder, text.codes[index] ?? 0);
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
