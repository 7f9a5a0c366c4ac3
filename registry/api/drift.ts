// How far live values are from the baseline of each version, by place. The statistics are explained in docs/drift.md.
import * as z from 'zod';
import { modelNameSchema, versionSchema } from '../names.ts';
import { statisticNames } from '../statistic-names.ts';

const count = z.int().min(0);
const share = z.number().min(0).max(1);
const timeMs = z.number().describe('Milliseconds since 1970.');

export const thresholdsSchema = z.object({
  psi: z.number().describe('Population Stability Index; by convention 0.1 is a moderate change, 0.25 a large one.'),
  jensenShannon: z.number().describe('Jensen-Shannon distance, 0 to 1.'),
  missing: share.describe("How much the share of missing values may differ from the baseline's."),
  outside: share.describe("How much the share of values out of range may exceed the baseline's."),
  falseAlarms: z
    .number()
    .describe(
      'The chance that anything at all is past a threshold in a window of undrifted data, over all places and features.',
    ),
});

export type Thresholds = z.infer<typeof thresholdsSchema>;

export const driftSettingsSchema = z.object({
  thresholds: thresholdsSchema,
  windowSeconds: z.number().describe('A window is judged when it is this old and holds enough rows.'),
  windows: z.int().describe('An alarm begins, and ends, after so many judged windows in a row.'),
});

export type DriftSettings = z.infer<typeof driftSettingsSchema>;

export const featureVerdictSchema = z.object({
  feature: z.string(),
  kind: z.enum(['input', 'output']),
  samples: count.describe('Values that are not missing, without the caller that was left out.'),
  minimumSamples: count.describe('With fewer values the distribution is not judged.'),
  psi: z.number(),
  psiNoise: z.number().describe('Undrifted data stays under this.'),
  jensenShannon: z.number(),
  jensenShannonNoise: z.number(),
  missing: share,
  missingReference: share,
  outside: share,
  outsideReference: share,
  past: z.array(z.enum(statisticNames)).describe('Statistics past their thresholds.'),
});

export type FeatureVerdict = z.infer<typeof featureVerdictSchema>;

/** A window that has a verdict. */
export const judgedWindowSchema = z.object({
  fromMs: timeMs,
  toMs: timeMs,
  requests: count,
  rows: count,
  features: z.array(featureVerdictSchema),
});

export type JudgedWindow = z.infer<typeof judgedWindowSchema>;

export const closedWindowSchema = z.object({
  fromMs: timeMs,
  toMs: timeMs,
  rows: count,
  judged: z.boolean().describe('False: too few rows.'),
  maxPsi: z.number(),
  past: z.array(z.string()).describe('Features with a statistic past its threshold.'),
});

export type ClosedWindow = z.infer<typeof closedWindowSchema>;

/** The live values of a place that an operator has accepted as its usual ones: what it is judged against instead of the reference data. */
export const acceptedBaselineSchema = z.object({
  fromMs: timeMs,
  toMs: timeMs,
  windows: count.describe('The judged windows that it was made of.'),
  rows: count,
  atMs: timeMs.describe('When it was accepted.'),
  actor: z.string(),
  reason: z.string().nullable(),
});

export type AcceptedBaseline = z.infer<typeof acceptedBaselineSchema>;

export const driftWaitSchema = z.object({
  for: z
    .enum(['rows', 'callers', 'time'])
    .describe('`rows`: too few; `callers`: nearly all rows are of one caller; `time`: the end of the window alone.'),
  have: count.describe('Rows that there are; of `callers` those of all but the largest.'),
  need: count.describe('Rows from which the window is judged.'),
  lookMs: timeMs.nullable().describe('When it is looked at next; null: a window after the next request.'),
  untilMs: timeMs.nullable().describe('How long it waits at most; null: until `lookMs`.'),
  judgedThen: z.boolean().describe('Whether it is judged then as it is, or closed without a verdict.'),
});

export type DriftWait = z.infer<typeof driftWaitSchema>;

export const placeDriftSchema = z.object({
  place: z.string().describe('`pop:FRA`, `region:EU` or `global`.'),
  drifting: z.boolean(),
  changedMs: timeMs.describe('Since when `drifting` is what it is, milliseconds since 1970; 0: always.'),
  open: z
    .object({
      sinceMs: timeMs,
      rows: count,
      rowsOfOthers: count.describe('Rows of all callers but the largest; 0: there is one caller.'),
      waits: driftWaitSchema.nullable().default(null).describe('What a verdict waits for; null: it is not known.'),
    })
    .nullable()
    .describe('The window that is being filled; null: nothing came since the last one.'),
  window: judgedWindowSchema.nullable().describe('The newest window that was judged; null: none yet.'),
  windows: z.array(closedWindowSchema).describe('Closed windows, the oldest first.'),
  accepted: acceptedBaselineSchema
    .nullable()
    .default(null)
    .describe('The baseline of its own that the place is judged against; null: that of the version.'),
});

export type PlaceDrift = z.infer<typeof placeDriftSchema>;

/**
 * Why an episode ended: values are as they were; an operator has accepted them; the version is routed no longer; nothing more was
 * heard.
 */
export const endReasonSchema = z.enum(['recovered', 'accepted', 'superseded', 'silent']);

export type EndReason = z.infer<typeof endReasonSchema>;

/** From the first place of a version that drifts until none does any more. */
export const episodeSchema = z.object({
  id: z.string().describe('Also the id of the event that it began with.'),
  version: versionSchema,
  beganMs: timeMs,
  endedMs: timeMs.nullable(),
  reason: endReasonSchema.nullable(),
});

export type Episode = z.infer<typeof episodeSchema>;

export const versionDriftSchema = z.object({
  version: versionSchema,
  minimumRows: count
    .nullable()
    .describe(
      'From so many rows on an open window is judged, if none of its values are missing; null: not known, or none is open.',
    ),
  episodes: z.array(episodeSchema).describe('The newest first.'),
  places: z.array(placeDriftSchema),
});

export type VersionDrift = z.infer<typeof versionDriftSchema>;

/** An event on its way to the webhook. */
export const eventStatusSchema = z.object({
  id: z.string(),
  type: z.string().describe('`retrain.requested`, `drift.resolved`.'),
  createdMs: timeMs,
  attempts: count,
  deliveredMs: timeMs.nullable().describe('Null: not yet, or given up if `nextMs` is null as well.'),
  nextMs: timeMs.nullable(),
  lastError: z.string().nullable(),
});

export type EventStatus = z.infer<typeof eventStatusSchema>;

/** The drift report of a model's Durable Object. */
export const driftStatusSchema = z.object({
  settings: driftSettingsSchema,
  versions: z.array(versionDriftSchema),
  events: z.array(eventStatusSchema).describe('The newest first.'),
});

export type DriftStatus = z.infer<typeof driftStatusSchema>;

export const modelDriftSchema = z.object({ model: modelNameSchema, ...driftStatusSchema.shape });

export type ModelDrift = z.infer<typeof modelDriftSchema>;

export const placeSchema = z
  .string()
  .max(80)
  .regex(/^(global|(pop|region):[\x21-\x7e]{1,64})$/, 'expected global, pop:NAME or region:NAME')
  .describe('`pop:FRA`, `region:EU` or `global`.');

/** A change of the baseline of a place. */
export const baselineActionSchema = z.strictObject({
  action: z
    .enum(['accept', 'withdraw'])
    .describe(
      "`accept`: the place's newest judged windows become its baseline; `withdraw`: the version's counts again.",
    ),
  version: versionSchema,
  place: placeSchema,
  reason: z.string().min(1).max(1000).nullable().default(null),
});

export type BaselineAction = z.infer<typeof baselineActionSchema>;

export const placeBaselineSchema = z.object({
  model: modelNameSchema,
  version: versionSchema,
  place: z.string(),
  accepted: acceptedBaselineSchema.nullable().describe("Null: the place is judged against the version's baseline."),
});

export type PlaceBaseline = z.infer<typeof placeBaselineSchema>;

/** Counts of a feature in its bins; those of a live window may be fractions, where a caller was held back. */
const binnedSchema = z.object({ bins: z.array(z.number()), missing: z.number(), outside: z.number() });

export const driftHistorySchema = z.object({
  model: modelNameSchema,
  version: versionSchema,
  place: z.string(),
  accepted: acceptedBaselineSchema.nullable(),
  windows: z
    .array(
      z.object({
        fromMs: timeMs,
        toMs: timeMs,
        rows: count,
        past: z.boolean().describe('Whether anything was past its threshold.'),
        psi: z.array(z.number()).describe('Of each of `features`.'),
      }),
    )
    .describe('The judged windows of which counts are kept, the oldest first.'),
  features: z.array(z.string()).describe('The first 100, inputs first.'),
  featuresLeftOut: count,
  histogram: z
    .object({
      feature: z.string(),
      kind: z.enum(['input', 'output']),
      bins: z.array(z.string()).describe('What each bin takes: `< 0.5`, `0.5 to 1`, a category, `others`.'),
      reference: binnedSchema.describe('The baseline that the place is judged against.'),
      live: binnedSchema.describe('The newest window.'),
    })
    .nullable()
    .describe('Of the feature that was asked for; null: none was, or no window is kept.'),
});

export type DriftHistory = z.infer<typeof driftHistorySchema>;
