// Who may take a model's artifact home: whoever has it has the weights.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';

/**
 * The one gate in front of a download; what else decides about it (the scopes of a key) is asked here.
 * @throws PopserveError PERMISSION_DENIED if the setting ARTIFACT_DOWNLOADS does not name the model
 */
export function requireArtifactDownload(c: Context<AppContext>, model: string): void {
  const { artifactDownloads } = c.var.isolate.config;
  if (artifactDownloads === '*' || artifactDownloads.has(model)) return;
  throw new PopserveError('PERMISSION_DENIED', `the artifact of model '${model}' is not for download here`);
}
