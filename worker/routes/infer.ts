// OIP inference, plain records in the same place, and questions in a URL.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import { type Context, Hono } from 'hono';
import type { AppContext } from '../http/app-context.ts';
import { clientHolds } from '../http/entity-tag.ts';
import { readNonFinite } from '../http/non-finite.ts';
import { readSelector } from '../http/selector.ts';
import { oipCodec } from '../inference/codecs.ts';
import { infer } from '../inference/infer.ts';
import { pipelineCodec } from '../inference/pipeline-codec.ts';
import { ask } from '../inference/question.ts';
import { needs } from '../middleware/needs.ts';
import { holdingOf, serve } from '../middleware/serve.ts';
import { headerLengthName } from '../protocol/envelope.ts';

const runs = needs('infer');

export const inferRoutes = new Hono<AppContext>()
  .post('/models/:model/infer', runs, tensors)
  .post('/models/:model/versions/:version/infer', runs, tensors)
  .get('/models/:model/infer', runs, question)
  .get('/models/:model/versions/:version/infer', runs, question);

function tensors(c: Context<AppContext>) {
  const isolate = c.get('isolate');
  const headerLength = c.req.header(headerLengthName) ?? null;
  const contentType = c.req.header('content-type') ?? null;
  const nonFinite = readNonFinite(c, { inQuery: true });
  return serve(c, readSelector(c), (served, body, account) => {
    const reading = { limits: isolate.config.decodeLimits, heads: isolate.heads, nonFinite };
    const { manifest } = served;
    const holding = holdingOf(c, account);
    const tensorCodec = () => oipCodec(manifest, { body, headerLength }, reading, account);
    if (manifest.pipeline === undefined) return infer(isolate, served, tensorCodec(), holding);
    return pipelineCodec(isolate, manifest, { body, contentType, headerLength, nonFinite }, holding).then((codec) =>
      codec === null ? infer(isolate, served, tensorCodec(), holding) : infer(isolate, served, codec, holding),
    );
  });
}

function question(c: Context<AppContext>) {
  const holds = (etag: string) => clientHolds(c.req.header('if-none-match'), etag);
  const asked = { url: new URL(c.req.url), holds, nonFinite: readNonFinite(c, { inQuery: false }) };
  return serve(c, readSelector(c), (served, _, account) => ask(c.var.isolate, served, asked, holdingOf(c, account)));
}
