// The bytes of a version's model or tokenizer as an HTTP answer, for clients that run it themselves.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { type Digest, digestSchema } from '../../registry/names.ts';
import { parse } from '../../registry/parse.ts';
import type { Selector } from '../routing/route-table.ts';
import type { AppContext } from './app-context.ts';
import { answerBlob } from './blob-answer.ts';

/**
 * With `?digest=` the answer is these bytes or none, the model's or the tokenizer's, and may be kept for ever. Without it the answer is
 * the model that the name stands for now.
 * @throws PopserveError NOT_FOUND if the version is made of other bytes than asked for
 */
export async function answerArtifact(c: Context<AppContext>, selector: Selector): Promise<Response> {
  const { manifest, epoch } = await c.var.isolate.routes.resolve(selector, c.executionCtx);
  const { model, tokenizer } = manifest.artifacts;
  const asked = c.req.query('digest');
  const digest = asked === undefined ? model.digest : parse(digestSchema, asked, 'digest');
  if (digest !== model.digest && digest !== tokenizer?.digest) {
    throw new PopserveError(
      'NOT_FOUND',
      `version '${manifest.version}' of '${manifest.model}' is made of ${model.digest}${tokenizer === undefined ? '' : ` and the tokenizer ${tokenizer.digest}`}`,
    );
  }
  return await answerBlob(c, digest as Digest, {
    'Cache-Control': asked === undefined ? 'private, no-cache' : 'private, max-age=31536000, immutable',
    'popserve-version': manifest.version,
    'popserve-epoch': String(epoch),
    'popserve-digest': digest,
    ...(digest === model.digest ? { 'popserve-format': model.format } : {}),
  });
}
