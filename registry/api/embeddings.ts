// Vectors of texts in the form of OpenAI's API, for its clients.
// @see https://platform.openai.com/docs/api-reference/embeddings
import * as z from 'zod';

/** Texts in one request; OpenAI takes as many. */
const mostTexts = 2048;

const text = z.string().min(1, { error: 'expected a text, got an empty one' });

export const embeddingsRequestSchema = z.strictObject({
  model: z.string().describe('The name of a model, or `name@version` or `name@alias`.'),
  input: z.union([text, z.array(text).min(1).max(mostTexts)], {
    error: `expected a text, or a list of 1 to ${mostTexts} texts of which none is empty`,
  }),
  encoding_format: z.enum(['float', 'base64']).default('float').describe('`base64`: FP32, little-endian.'),
  dimensions: z
    .int()
    .min(1)
    .describe("The length that vectors are cut to; one of those that the version's pipeline allows.")
    .exactOptional(),
  user: z.string().describe('Read by nobody.').exactOptional(),
});

export type EmbeddingsRequest = z.infer<typeof embeddingsRequestSchema>;

export const embeddingsResponseSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int().min(0),
      embedding: z.union([z.array(z.number()), z.string()]).describe('Numbers, or base64 where that was asked for.'),
    }),
  ),
  model: z.string().describe('As it was asked for; the header `popserve-version` has the version.'),
  usage: z.object({ prompt_tokens: z.int().min(0), total_tokens: z.int().min(0) }),
});

export type EmbeddingsResponse = z.infer<typeof embeddingsResponseSchema>;

/** Refusals of this call alone; all others are told as `{"error": "…"}`. */
export const openAiErrorSchema = z.object({
  error: z.object({
    message: z.string().min(1),
    type: z.enum(['invalid_request_error', 'rate_limit_error', 'server_error']),
    param: z.string().nullable().describe('The member of the request that is at fault.'),
    code: z.string().nullable(),
  }),
});

export type OpenAiError = z.infer<typeof openAiErrorSchema>;
