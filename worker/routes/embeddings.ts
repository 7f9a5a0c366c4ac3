// OpenAI's call for vectors of texts. The body names the model, so it is read before a version is resolved.
// @see https://platform.openai.com/docs/api-reference/embeddings
import { type Context, Hono } from 'hono';
import type { AppContext } from '../http/app-context.ts';
import { readNonFinite } from '../http/non-finite.ts';
import { readSelector } from '../http/selector.ts';
import { embeddingsCodec, namedModel, readEmbeddingsRequest } from '../inference/embeddings.ts';
import { infer } from '../inference/infer.ts';
import { needsModel, needsOnly } from '../middleware/needs.ts';
import { holdingOf, serveNamed } from '../middleware/serve.ts';

export const embeddingsRoutes = new Hono<AppContext>().post('/embeddings', needsOnly('infer'), embeddings);

function embeddings(c: Context<AppContext>) {
  const isolate = c.get('isolate');
  const nonFinite = readNonFinite(c, { inQuery: true });
  return serveNamed(c, (body) => {
    const request = readEmbeddingsRequest(body, isolate.config.decodeLimits);
    const named = namedModel(request);
    needsModel(c, 'infer', named.model);
    return {
      selector: readSelector(c, named),
      operation: async (served, _, account) => {
        const holding = holdingOf(c, account);
        const codec = await embeddingsCodec(isolate, served.manifest, request, { ...holding, nonFinite });
        return infer(isolate, served, codec, holding);
      },
    };
  });
}
