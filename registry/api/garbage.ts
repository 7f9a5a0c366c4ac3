// The request and the answer of a garbage collection.
import * as z from 'zod';
import { digestSchema, modelNameSchema, versionSchema } from '../names.ts';

export const garbageRequestSchema = z.strictObject({
  dryRun: z.boolean().default(false).describe('Only report.'),
});

export const garbageReportSchema = z.object({
  dryRun: z.boolean(),
  blobs: z
    .array(z.object({ digest: digestSchema, bytes: z.int().min(0) }))
    .describe('Removed, or to be removed if this is a dry run.'),
  bytes: z.int().min(0),
  youngBlobs: z.int().min(0).describe('Unnamed blobs that are too young to be removed.'),
  namedBlobs: z.int().min(0),
  damaged: z
    .array(z.object({ model: modelNameSchema, version: versionSchema }))
    .describe('Versions whose manifest cannot be read; the blobs that can be made out in it were kept.')
    .exactOptional(),
});

export type GarbageReport = z.infer<typeof garbageReportSchema>;
