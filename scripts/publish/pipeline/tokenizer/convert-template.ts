// tokenizer.json's post-processor as the tokens around those of a text.
import * as z from 'zod';
import { invalid } from '../../../../registry/errors.ts';
import { parse } from '../../../../registry/parse.ts';
import type { Template } from '../../../../worker/pipeline/text/template.ts';
import { type Part, partSchema } from './source.ts';

const supported = 'BertProcessing, RobertaProcessing, TemplateProcessing, ByteLevel, Sequence';

const pair = z.tuple([z.string(), z.int().min(0)]);
const bertSchema = z.object({ sep: pair, cls: pair });
const trimSchema = z.object({ trim_offsets: z.boolean().default(true), add_prefix_space: z.boolean().default(true) });

const pieceSchema = z.union([
  z.strictObject({ Sequence: z.strictObject({ id: z.enum(['A', 'B']), type_id: z.int().min(0).max(255) }) }),
  z.strictObject({ SpecialToken: z.strictObject({ id: z.string(), type_id: z.int().min(0).max(255) }) }),
]);
const templateSchema = z.object({
  single: z.array(pieceSchema).max(128),
  special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int().min(0)).min(1).max(16) })),
});

const none: Template = { before: [], typeId: 0, after: [], trim: null };

/** @throws {PopserveError} INVALID_ARGUMENT for a kind that is not supported, or a faulty one */
export function convertTemplate(part: Part | null | undefined): Template {
  if (part === null || part === undefined) return none;
  const what = `tokenizer.json: post_processor ${part.type}`;
  switch (part.type) {
    case 'BertProcessing':
      return around(parse(bertSchema, part, what), null);
    case 'RobertaProcessing':
      return around(parse(bertSchema, part, what), convertTrim(part, what));
    case 'TemplateProcessing':
      return fromPieces(parse(templateSchema, part, what), what);
    case 'ByteLevel':
      return { ...none, trim: convertTrim(part, what) };
    case 'Sequence':
      return fromSequence(parse(z.object({ processors: z.array(partSchema).max(8) }), part, what).processors, what);
    default:
      throw invalid(`${what} is not supported; expected one of ${supported}`);
  }
}

function around({ cls, sep }: z.infer<typeof bertSchema>, trim: Template['trim']): Template {
  return { before: [{ id: cls[1], typeId: 0 }], typeId: 0, after: [{ id: sep[1], typeId: 0 }], trim };
}

function convertTrim(part: Part, what: string): Template['trim'] {
  const { trim_offsets, add_prefix_space: keepFirst } = parse(trimSchema, part, what);
  return trim_offsets ? { keepFirst } : null;
}

/** ByteLevel, which trims offsets, and behind it what adds tokens. */
function fromSequence(processors: readonly Part[], what: string): Template {
  const [first, second, ...more] = processors;
  if (first === undefined) return none;
  if (second === undefined) return convertTemplate(first);
  const template = convertTemplate(second);
  if (more.length > 0 || first.type !== 'ByteLevel' || template.trim !== null) {
    const got = processors.map(({ type }) => type).join(', ');
    throw invalid(`${what}: expected ByteLevel and one that adds tokens, got ${got}`);
  }
  return { ...template, trim: convertTemplate(first).trim };
}

function fromPieces({ single, special_tokens }: z.infer<typeof templateSchema>, what: string): Template {
  const texts = single.filter((piece) => 'Sequence' in piece);
  const [text] = texts;
  if (text === undefined || texts.length > 1 || text.Sequence.id !== 'A') {
    throw invalid(
      `${what}: expected one sequence A in 'single', got ${texts.map(({ Sequence }) => Sequence.id).join(', ') || 'none'}`,
    );
  }
  const place = single.indexOf(text);
  const tokens = (pieces: typeof single) =>
    pieces.flatMap((piece) => {
      if (!('SpecialToken' in piece)) return [];
      const { id, type_id } = piece.SpecialToken;
      if (!Object.hasOwn(special_tokens, id)) throw invalid(`${what}: '${id}' is not among its special_tokens`);
      return (special_tokens[id]?.ids ?? []).map((token) => ({ id: token, typeId: type_id }));
    });
  return {
    before: tokens(single.slice(0, place)),
    typeId: text.Sequence.type_id,
    after: tokens(single.slice(place + 1)),
    trim: null,
  };
}
