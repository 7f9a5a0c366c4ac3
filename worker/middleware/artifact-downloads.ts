// Which models' artifacts may be downloaded: a client that has the artifact has the weights.
import { createMiddleware } from 'hono/factory';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';
import { readSelector } from '../http/selector.ts';

/** Refuses with 403 what the setting ARTIFACT_DOWNLOADS does not name. The scopes of the caller are checked before. */
export const artifactDownloads = createMiddleware<AppContext>((c, next) => {
  const { model } = readSelector(c);
  const { artifactDownloads: allowed } = c.var.isolate.config;
  if (allowed === '*' || allowed.has(model)) return next();
  throw new PopserveError('PERMISSION_DENIED', `the artifact of model '${model}' is not for download here`);
});
