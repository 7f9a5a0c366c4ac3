// The versions of a model that all PoPs serve, how the last release spread, and the counts.
import * as z from 'zod';
import { modelNameSchema, versionSchema } from '../names.ts';
import { percentSchema, routeSchema } from '../route.ts';
import { feedbackStatusSchema } from './feedback.ts';
import { latencyStatusSchema } from './latency.ts';

const milliseconds = z.number().min(0).nullable();

/** How a release spreads over the PoPs. */
export const releaseStatusSchema = z.object({
  epoch: z.int().min(1),
  releasedAtMs: z.int().describe('When the route was written, or first heard of: milliseconds since 1970.'),
  pops: z
    .int()
    .min(0)
    .describe('PoPs heard of since shortly before the release; one that is silent for a day is forgotten.'),
  reachedPops: z.int().min(0),
  reach50Ms: milliseconds.describe('Until half of the PoPs served from this epoch or a later one; null: not yet.'),
  reach90Ms: milliseconds,
  reach100Ms: milliseconds,
});

export type ReleaseStatus = z.infer<typeof releaseStatusSchema>;

/** The versions of a model that an isolate serves right now. */
export const servingSchema = z.object({
  epoch: z.int().min(0).describe('0: no route.'),
  stable: versionSchema.nullable(),
  canary: z.object({ version: versionSchema, percent: percentSchema }).nullable(),
  held: z
    .object({ epoch: z.int().min(1), reason: z.string() })
    .nullable()
    .describe('A newer route that is not taken over, and why; null if there is none.'),
  ahead: z
    .object({ logEpoch: z.int().min(0).describe('The newest epoch of the log; 0: it has no route.') })
    .nullable()
    .default(null)
    .describe('The route that is served is not in the log any more: its newest routes were lost. Null otherwise.'),
});

export type Serving = z.infer<typeof servingSchema>;

export const popStatusSchema = z.object({
  pop: z.string(),
  ...servingSchema.shape,
  epoch: z.int().min(0).describe('The lowest epoch among the isolates heard of lately; 0: no route.'),
  highestEpoch: z.int().min(0),
  isolates: z.int().min(1),
  seenAtMs: z.int(),
});

export type PopStatus = z.infer<typeof popStatusSchema>;

/** The counts of one version, over all PoPs. */
export const versionTotalsSchema = z.object({
  version: versionSchema,
  requests: z.int().min(0),
  inferences: z.int().min(0),
  failures: z.int().min(0),
  failuresByCode: z.record(z.string(), z.int().min(0)),
  loadFailures: z.int().min(0),
  litertRuns: z
    .int()
    .min(0)
    .describe('Answers from LiteRT, the second engine. Absent while the object of the model runs older code.')
    .exactOptional(),
  litertFailures: z
    .int()
    .min(0)
    .describe('Calls of LiteRT that failed, so that onnxruntime answered. Absent likewise.')
    .exactOptional(),
  lastInferenceMs: z.int().min(0).describe("Milliseconds since 1970 by the PoP's clock; 0: none."),
});

export type VersionTotals = z.infer<typeof versionTotalsSchema>;

/** The measurement for one limit of a rollout. */
export const guardFindingSchema = z.object({
  name: z.string().describe('The limit: `errorShare`, `disagreementShare`, `drift`, `p95Ms`, `accuracyDrop`.'),
  limit: z.number(),
  value: z.number(),
  baseline: z
    .number()
    .describe('The same of stable meanwhile: a value that is not above it passes no limit.')
    .exactOptional(),
  samples: z.int().min(0).describe('Requests that the value was made of.'),
  text: z.string().describe('The value in words, with the numbers that it was made of.'),
  passed: z.boolean().describe('There were enough requests, and the value is over the limit.'),
});

export type GuardFinding = z.infer<typeof guardFindingSchema>;

/** The report of a model's Durable Object. */
export const telemetryStatusSchema = z.object({
  release: releaseStatusSchema.nullable(),
  pops: z.array(popStatusSchema),
  versions: z.array(versionTotalsSchema),
  latency: latencyStatusSchema
    .describe('How long callers wait. Absent while the object of the model runs older code.')
    .exactOptional(),
  feedback: feedbackStatusSchema.describe('How right the answers were. Absent as `latency`.').exactOptional(),
  guard: z.array(guardFindingSchema).describe('Each limit of the running rollout that something was measured against.'),
});

export type TelemetryStatus = z.infer<typeof telemetryStatusSchema>;

export const modelStatusSchema = z.object({
  model: modelNameSchema,
  route: routeSchema.nullable(),
  ...telemetryStatusSchema.shape,
});

export type ModelStatus = z.infer<typeof modelStatusSchema>;
