// From the tokenizer files of a Hub folder to the artifact that the Worker reads. What cannot be done exactly is refused by name.
import { invalid } from '../../../registry/errors.ts';
import { mebibyte, mebibytes } from '../../../registry/mebibytes.ts';
import { parse } from '../../../registry/parse.ts';
import { createNormalizer } from '../../../worker/pipeline/text/normalizers.ts';
import { convertAdded } from './tokenizer/convert-added.ts';
import { type ConvertedModel, convertModel } from './tokenizer/convert-model.ts';
import { convertNormalizers } from './tokenizer/convert-normalizers.ts';
import { convertPreTokenizers } from './tokenizer/convert-pre-tokenizers.ts';
import { convertTemplate } from './tokenizer/convert-template.ts';
import {
  configSchema,
  contentOf,
  type TokenizerConfig,
  type TokenizerJson,
  tokenizerJsonSchema,
} from './tokenizer/source.ts';
import { ArrayWriter } from './tokenizer/write-artifact.ts';

/** It lies beside the model in the isolate; a unigram model of 250,000 takes half of it. */
const mostBytes = 24 * mebibyte;

export interface TokenizerArtifact {
  readonly bytes: Uint8Array;
  /** `WordPiece, 30,522 tokens` */
  readonly describe: string;
  /** Tokens that the folder's files allow; null if they do not say. */
  readonly maxLength: number | null;
  readonly notes: string[];
}

/**
 * @param tokenizerJson tokenizer.json
 * @param tokenizerConfig tokenizer_config.json; null if there is none
 * @param specialTokensMap special_tokens_map.json; null if there is none
 * @throws {PopserveError} INVALID_ARGUMENT naming the part that is not supported or contradicts another, with what is supported
 */
export function tokenizerArtifact(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  specialTokensMap: unknown,
): TokenizerArtifact {
  const source = parse(tokenizerJsonSchema, tokenizerJson, 'tokenizer.json');
  const config = parse(configSchema, tokenizerConfig ?? {}, 'tokenizer_config.json');
  const map = parse(configSchema, specialTokensMap ?? {}, 'special_tokens_map.json');
  const arrays = new ArrayWriter();
  const normalizers = convertNormalizers(source.normalizer, arrays);
  const written = arrays.arrays();
  const steps = normalizers.map((spec) => createNormalizer(spec, written));
  const model = convertModel(source.model, arrays);
  const added = convertAdded(source.added_tokens, model, steps, arrays);
  const size = model.ids.size + source.added_tokens.filter(({ content }) => !model.ids.has(content)).length;
  const bytes = arrays.write({
    schema: 1,
    added,
    normalizers,
    preTokenizers: convertPreTokenizers(source.pre_tokenizer),
    model: model.spec,
    template: convertTemplate(source.post_processor),
    truncateAt: truncationSide(source, config),
    pad: padding(source, config, contentOf(config.pad_token) ?? contentOf(map.pad_token), model),
  });
  const described = `${model.type}, ${size.toLocaleString('en')} tokens`;
  if (bytes.length > mostBytes) {
    const limit = `${described}: the tokenizer takes ${mebibytes(bytes.length)}, the limit is ${mebibytes(mostBytes)}`;
    throw invalid(`tokenizer.json: ${limit}; a vocabulary of this size does not fit beside a model`);
  }
  return {
    bytes,
    describe: described,
    maxLength: maxLength(source, config),
    notes: [],
  };
}

function truncationSide({ truncation }: TokenizerJson, { truncation_side }: TokenizerConfig): 'left' | 'right' {
  if (truncation_side) return truncation_side;
  return truncation?.direction === 'Left' ? 'left' : 'right';
}

/** transformers writes 10^30 where nobody gave a length. */
const mostLength = 1_000_000;

function maxLength({ truncation }: TokenizerJson, { model_max_length }: TokenizerConfig): number | null {
  const said = (length: number | null | undefined) =>
    length && length >= 1 && length <= mostLength ? length : mostLength;
  const length = Math.min(said(truncation?.max_length), said(model_max_length));
  return length === mostLength ? null : Math.floor(length);
}

function padding(
  { padding: given, added_tokens }: TokenizerJson,
  config: TokenizerConfig,
  token: string | null,
  { ids }: ConvertedModel,
): { id: number; typeId: number; side: 'left' | 'right' } | null {
  const side = config.padding_side ?? (given?.direction === 'Left' ? 'left' : 'right');
  if (given) return { id: given.pad_id, typeId: given.pad_type_id, side };
  if (token === null) return null;
  const id = added_tokens.find(({ content }) => content === token)?.id ?? ids.get(token);
  if (id === undefined) throw invalid(`tokenizer_config.json: pad_token '${token}' is not in the vocabulary`);
  return { id, typeId: config.pad_token_type_id ?? 0, side };
}
