// Vectors of texts in the form of OpenAI's API.
// @see https://platform.openai.com/docs/api-reference/embeddings
import {
  type EmbeddingsRequest,
  type EmbeddingsResponse,
  embeddingsRequestSchema,
} from '../../registry/api/embeddings.ts';
import type { Embedding } from '../../registry/api/task-answers.ts';
import { encodeBase64 } from '../../registry/bytes.ts';
import { invalid } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { parse } from '../../registry/parse.ts';
import type { Isolate } from '../isolate.ts';
import type { DecodeLimits, RunRequest } from '../protocol/infer-request.ts';
import { parseJson, requestLimits } from '../protocol/json.ts';
import { type NonFinite, withNumbers, writeJson } from '../protocol/non-finite.ts';
import type { InferenceCodec } from './codecs.ts';
import { preparedCodec } from './pipeline-codec.ts';
import type { Work } from './prepare-inputs.ts';
import { tokensOf } from './token-headers.ts';

/** @throws {PopserveError} INVALID_ARGUMENT naming the member at fault */
export function readEmbeddingsRequest(body: Uint8Array, { maxJsonDepth }: DecodeLimits): EmbeddingsRequest {
  const json = parseJson(body, { maxDepth: maxJsonDepth, ...requestLimits }, 'none').value;
  const input = typeof json === 'object' && json !== null && 'input' in json ? json.input : undefined;
  if (Array.isArray(input) && input.some((entry) => typeof entry === 'number' || Array.isArray(entry))) {
    throw invalid('input: expected texts, got tokens; the version has a tokenizer of its own, so send the text itself');
  }
  return parse(embeddingsRequestSchema, withNumbers(json), 'the body');
}

/** @throws {PopserveError} NOT_FOUND for what names no model */
export function namedModel({ model }: EmbeddingsRequest): { model: string; version?: string } {
  const at = model.indexOf('@');
  return at === -1 ? { model } : { model: model.slice(0, at), version: model.slice(at + 1) };
}

/** @throws {PopserveError} INVALID_ARGUMENT for a version that makes no vectors of texts; and those of preparing texts */
export async function embeddingsCodec(
  isolate: Pick<Isolate, 'config' | 'pictures' | 'texts'>,
  manifest: Manifest,
  { model, input, encoding_format: format, dimensions }: EmbeddingsRequest,
  work: Work & { readonly nonFinite: NonFinite },
): Promise<InferenceCodec<RunRequest>> {
  if (manifest.pipeline?.task !== 'feature-extraction') {
    const task = manifest.pipeline?.task ?? 'tensors only';
    throw invalid(
      `model: expected one that was published for feature-extraction, ${manifest.model} ${manifest.version} is for ${task}`,
    );
  }
  const request = {
    sent: { texts: typeof input === 'string' ? [input] : input },
    parameters: dimensions === undefined ? {} : { dimensions },
  };
  return await preparedCodec(isolate, manifest, request, work, (answers, items) => {
    const vectors = answers as readonly Embedding[];
    const tokens = tokensOf(items);
    const response: EmbeddingsResponse = {
      object: 'list',
      data: vectors.map((vector, index) => ({
        ...{ object: 'embedding', index },
        embedding: format === 'base64' ? base64Of(vector) : vector,
      })),
      model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    };
    return { headers: { 'content-type': 'application/json' }, body: writeJson(response, work.nonFinite) };
  });
}

function base64Of(vector: Embedding): string {
  return encodeBase64(new Uint8Array(Float32Array.from(vector).buffer));
}
