// The bytes of a version's model, for clients that run it themselves when no PoP answers them.
import { type Context, Hono } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { type Digest, digestSchema } from '../../registry/names.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { answerBlob } from '../http/blob-answer.ts';
import { readSelector } from '../http/selector.ts';
import { requireArtifactDownload } from '../middleware/artifact-downloads.ts';

export const artifactRoutes = new Hono<AppContext>()
  .get('/models/:model/artifact', artifact)
  .get('/models/:model/versions/:version/artifact', artifact);

/** With `?digest=`: these bytes or none, to be kept for ever. Without it: what the name stands for now. */
async function artifact(c: Context<AppContext>) {
  const selector = readSelector(c);
  requireArtifactDownload(c, selector.model);
  const { manifest, epoch } = await c.var.isolate.routes.resolve(selector, c.executionCtx);
  const { digest, format } = manifest.artifacts.model;
  const asked = c.req.query('digest');
  if (asked !== undefined && parse(digestSchema, asked, 'digest') !== digest) {
    throw new PopserveError('NOT_FOUND', `version '${manifest.version}' of '${manifest.model}' is made of ${digest}`);
  }
  return await answerBlob(c, digest as Digest, {
    'Cache-Control': asked === undefined ? 'private, no-cache' : 'private, max-age=31536000, immutable',
    'popserve-version': manifest.version,
    'popserve-epoch': String(epoch),
    'popserve-digest': digest,
    'popserve-format': format,
  });
}
