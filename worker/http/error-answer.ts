// The body of a refusal in the form of the API that was called: `{"error": "…"}`, and OpenAI's for its call.

import type { OpenAiError } from '../../registry/api/embeddings.ts';
import type { ErrorAnswer } from '../../registry/api/error.ts';
import { errorCodeOf } from '../../registry/error-codes.ts';

/** The paths whose clients read OpenAI's errors. */
const openAiPaths: ReadonlySet<string> = new Set(['/v1/embeddings', '/v1/embeddings/']);

/** @param answer in popserve's own form */
export function errorAnswer(path: string, status: number, answer: ErrorAnswer): ErrorAnswer | OpenAiError {
  return openAiPaths.has(path) ? openAiError(status, answer.error) : answer;
}

/** @see https://platform.openai.com/docs/guides/error-codes */
function openAiError(status: number, message: string): OpenAiError {
  const code = errorCodeOf(status);
  const type = status >= 500 ? 'server_error' : code === 'RATE_LIMITED' ? 'rate_limit_error' : 'invalid_request_error';
  const codes: Partial<Record<typeof code, string>> = {
    UNAUTHENTICATED: 'invalid_api_key',
    NOT_FOUND: 'model_not_found',
    RATE_LIMITED: 'rate_limit_exceeded',
  };
  const named = /^(?:the body: )?(model|input|encoding_format|dimensions|user)\b/.exec(message)?.[1];
  const param = code === 'NOT_FOUND' ? 'model' : (named ?? null);
  return { error: { message, type, param, code: codes[code] ?? null } };
}
