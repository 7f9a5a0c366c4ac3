// The artifact of a version, for clients that run the model themselves when no PoP answers them.
import { type Context, Hono } from 'hono';
import type { AppContext } from '../http/app-context.ts';
import { answerArtifact } from '../http/artifact-answer.ts';
import { readSelector } from '../http/selector.ts';
import { artifactDownloads } from '../middleware/artifact-downloads.ts';
import { needs } from '../middleware/needs.ts';

const artifact = (c: Context<AppContext>) => answerArtifact(c, readSelector(c));

export const artifactRoutes = new Hono<AppContext>()
  .get('/models/:model/artifact', needs('infer', 'read'), artifactDownloads, artifact)
  .get('/models/:model/versions/:version/artifact', needs('infer', 'read'), artifactDownloads, artifact);
