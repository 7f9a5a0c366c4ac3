// The model repository extension: the index of all versions, loading and unloading.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md
import * as z from 'zod';
import { modelNameSchema, versionSchema } from '../names.ts';

export const repositoryIndexRequestSchema = z.object({
  ready: z.boolean().describe('Only versions that can be served.').exactOptional(),
});

export const repositoryIndexSchema = z.array(
  z.object({
    name: modelNameSchema,
    version: versionSchema,
    state: z
      .enum(['READY', 'UNAVAILABLE', 'LOADING'])
      .describe('A version that is not loaded here is READY all the same: it is loaded on demand.'),
    reason: z.string().describe('Empty unless it is UNAVAILABLE.'),
  }),
);

export type RepositoryIndex = z.infer<typeof repositoryIndexSchema>;

export const repositoryRequestSchema = z.object({
  parameters: z.object({ version: z.string().describe('A version or an alias.').exactOptional() }).exactOptional(),
});
