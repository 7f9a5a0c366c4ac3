// What a PoP tells of drift, as `GET /registry/models/{m}/drift` has it.
import * as z from 'zod';

const featureSchema = z.object({
  feature: z.string(),
  kind: z.enum(['input', 'output']),
  samples: z.number(),
  minimumSamples: z.number(),
  psi: z.number(),
  psiNoise: z.number(),
  jensenShannon: z.number(),
  jensenShannonNoise: z.number(),
  missing: z.number(),
  missingReference: z.number(),
  outside: z.number(),
  outsideReference: z.number(),
  past: z.array(z.string()),
});

const placeSchema = z.object({
  place: z.string(),
  drifting: z.boolean(),
  changedMs: z.number(),
  open: z.object({ sinceMs: z.number(), rows: z.number() }).nullable(),
  window: z
    .object({ fromMs: z.number(), toMs: z.number(), rows: z.number(), features: z.array(featureSchema) })
    .nullable(),
  windows: z.array(
    z.object({
      fromMs: z.number(),
      toMs: z.number(),
      rows: z.number(),
      judged: z.boolean(),
      maxPsi: z.number(),
      past: z.array(z.string()),
    }),
  ),
});

const episodeSchema = z.object({
  id: z.string(),
  beganMs: z.number(),
  endedMs: z.number().nullable(),
  reason: z.string().nullable(),
});

export const driftSchema = z.object({
  model: z.string(),
  settings: z.object({
    windowSeconds: z.number(),
    windows: z.number(),
    thresholds: z.object({
      psi: z.number(),
      jensenShannon: z.number(),
      missing: z.number(),
      outside: z.number(),
      falseAlarms: z.number(),
    }),
  }),
  versions: z.array(
    z.object({
      version: z.string(),
      minimumRows: z.number().nullable(),
      episodes: z.array(episodeSchema),
      places: z.array(placeSchema),
    }),
  ),
  events: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      createdMs: z.number(),
      attempts: z.number(),
      deliveredMs: z.number().nullable(),
      nextMs: z.number().nullable(),
      lastError: z.string().nullable(),
    }),
  ),
});

export type DriftDetails = z.infer<typeof driftSchema>;
