// The objects of the registry as a backup sees them.
import * as z from 'zod';

export const objectInfoSchema = z.object({
  key: z.string().describe('Where R2 keeps it.'),
  bytes: z.int().min(0),
  etag: z.string().describe('Changes with the content.'),
  storedAt: z.iso.datetime(),
});

export type ObjectInfo = z.infer<typeof objectInfoSchema>;

export const objectPageSchema = z.object({
  objects: z.array(objectInfoSchema).describe('In the order of the keys; a page may be short.'),
  next: z.string().nullable().describe('Pass it as `after` for the next page; null on the last one.'),
});

export type ObjectPage = z.infer<typeof objectPageSchema>;

export const restoredObjectSchema = z.object({ key: z.string() });

export type RestoredObject = z.infer<typeof restoredObjectSchema>;

const failedModel = z.object({ model: z.string(), error: z.string() });

export const repairReportSchema = z.object({
  repaired: z.array(z.string()).describe('Models whose copy in KV was missing, old or ahead, and was written again.'),
  restored: z
    .array(z.object({ model: z.string(), version: z.string() }))
    .describe('Versions that were retired although they are routed or can be rolled back to.'),
  indexed: z.array(z.string()).describe('Models whose entry in the index was missing or old.'),
  failed: z.array(failedModel).describe('Models that could not be read or mended this time, and why.'),
});

export type RepairAnswer = z.infer<typeof repairReportSchema>;
