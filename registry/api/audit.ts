// A change that was made through the control plane, as it is kept and as the API lists it.
import * as z from 'zod';

export const auditRecordSchema = z.object({
  at: z.iso.datetime(),
  requestId: z.string(),
  actor: z.string().describe('Who, as recorded with the change.'),
  caller: z.string().describe('Whose credential it was: `operator`, `key:<id>`, `jwt:<subject>`.'),
  address: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.int(),
  change: z.string(),
  details: z.record(z.string(), z.unknown()),
});

export type AuditRecord = z.infer<typeof auditRecordSchema>;

export const auditPageSchema = z.object({
  records: z.array(auditRecordSchema).describe('The newest first.'),
  next: z.string().nullable().describe('Pass it as `after` for the next page; null on the last one.'),
  damaged: z
    .array(z.string())
    .describe('Records of the page that cannot be read, by the names of their objects.')
    .exactOptional(),
});

export type AuditPage = z.infer<typeof auditPageSchema>;
