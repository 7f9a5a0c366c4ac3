// How the answers of shadows compare with those of the version that served, over all PoPs.
import * as z from 'zod';
import { modelNameSchema, versionSchema } from '../names.ts';
import { routeSchema } from '../route.ts';

const count = z.int().min(0);

/** One pair of versions. */
export const shadowReportSchema = z.object({
  stable: versionSchema,
  candidate: versionSchema,
  requests: count,
  compared: count,
  disagreements: count,
  disagreementShare: z.number().nullable().describe('Among the compared ones; null: none was.'),
  errors: count,
  skipped: count,
  meanDifference: z.number().nullable().describe('Over all numbers of all answers; null: none was compared.'),
  maxDifference: z.number().nullable(),
  firstAtMs: z.int().describe('When the first report came, milliseconds since 1970.'),
  lastAtMs: z.int(),
});

export type ShadowReport = z.infer<typeof shadowReportSchema>;

export const modelShadowSchema = z.object({
  model: modelNameSchema,
  shadow: routeSchema.shape.shadow,
  pairs: z.array(shadowReportSchema).describe('The latest first.'),
});

export type ModelShadow = z.infer<typeof modelShadowSchema>;
