// The registry's answers about models and their versions.
import * as z from 'zod';
import { digestSchema, modelNameSchema, versionSchema } from '../names.ts';
import { routeSchema } from '../route.ts';

export const modelSummarySchema = z.object({
  name: modelNameSchema,
  versions: z.int().min(0).describe('How many versions are registered.'),
  route: routeSchema.nullable(),
  damaged: z.literal(true).describe('Something of the model cannot be read; this is the rest.').exactOptional(),
});

export type ModelSummary = z.infer<typeof modelSummarySchema>;

export const modelPageSchema = z.object({
  models: z.array(modelSummarySchema),
  next: z.string().nullable().default(null).describe('Pass it as `after` for the next page; null on the last one.'),
});

export type ModelPage = z.infer<typeof modelPageSchema>;

export const modelDetailsSchema = z.object({
  name: modelNameSchema,
  route: routeSchema.nullable(),
  versions: z
    .array(
      z.object({
        version: versionSchema,
        digest: digestSchema.describe("SHA-256 of the manifest's canonical JSON."),
        blobs: z.array(digestSchema).default([]).describe('The blobs that the manifest names.'),
        storedAt: z.iso.datetime(),
        routedAs: z.array(z.string()).describe('How the newest route names the version; empty if it does not.'),
      }),
    )
    .describe('The last stored first.'),
  retired: z
    .array(versionSchema)
    .default([])
    .describe('Names that can be registered again with the content that they had, and no other.'),
  damaged: z.array(versionSchema).describe('Versions whose manifest cannot be read.').exactOptional(),
});

export type ModelDetailsAnswer = z.infer<typeof modelDetailsSchema>;

export const registeredVersionSchema = z.object({
  model: modelNameSchema,
  version: versionSchema,
  digest: digestSchema.describe("SHA-256 of the manifest's canonical JSON."),
});

export type RegisteredVersion = z.infer<typeof registeredVersionSchema>;

export const retiredVersionSchema = z.object({ model: modelNameSchema, version: versionSchema });

export type RetiredVersion = z.infer<typeof retiredVersionSchema>;

/** A version whose failed trials were forgotten. */
export const retriedVersionSchema = z.object({ model: modelNameSchema, version: versionSchema });

export type RetriedVersion = z.infer<typeof retriedVersionSchema>;
