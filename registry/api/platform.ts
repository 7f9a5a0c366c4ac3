// What a PoP's platform gives, as its Worker found out by trying.
import * as z from 'zod';

export const platformProbeSchema = z.object({
  name: z.string().describe('What was tried, such as `memory.shared`; docs/platform.md says what each tells.'),
  value: z.union([z.boolean(), z.number(), z.string()]).nullable().describe('Null where it could not be found out.'),
  error: z.string().nullable().describe('Why it could not be found out.'),
});

export type PlatformProbe = z.infer<typeof platformProbeSchema>;

export const platformReportSchema = z.object({ probes: z.array(platformProbeSchema) });

export type PlatformReport = z.infer<typeof platformReportSchema>;
