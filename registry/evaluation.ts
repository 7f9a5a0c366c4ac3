// The evaluation of a version: what it scored on test data, in the runtime and build that serve, and what was asked of it.
// Part of the manifest; deterministic, so it holds no times and no hosts.
import * as z from 'zod';
import { digestSchema, versionSchema } from './names.ts';

export const tasks = ['binary', 'multiclass', 'regression'] as const;
export type Task = (typeof tasks)[number];

/** By scikit-learn's name: `roc_auc`, `f1_macro`, `rmse`. */
export const metricsSchema = z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), z.number());

export type Metrics = z.infer<typeof metricsSchema>;

/** A data file by what is in it: the digest of a folder is that of its files' names and digests. */
export const dataSchema = z.strictObject({ file: z.string(), digest: digestSchema, rows: z.int().min(1) });

export type DataReference = z.infer<typeof dataSchema>;

/** How an image became a row of an input. */
export const preprocessingSchema = z.strictObject({
  input: z.string(),
  layout: z.enum(['NCHW', 'NHWC']),
  channels: z.enum(['RGB', 'grey']),
  /** Pixels of the shorter side, bilinear; `stretch`: to the size, whatever the shape; `none`: not at all. */
  resize: z.union([z.int().min(1), z.enum(['stretch', 'none'])]),
  /** Height and width, cut from the centre; null: every image keeps its own. */
  size: z.tuple([z.int().min(1), z.int().min(1)]).nullable(),
  /** The range of a channel before mean and standard deviation. */
  scale: z.enum(['0-1', '0-255']),
  /** Subtracted from each channel, in units of the scale. */
  mean: z.array(z.number()),
  /** What each channel is divided by after that. */
  std: z.array(z.number().positive()),
});

export type Preprocessing = z.infer<typeof preprocessingSchema>;

export const evaluationSchema = z.strictObject({
  data: dataSchema,
  task: z.enum(tasks),
  /** Column or file that holds the truth. */
  label: z.string(),
  /** Of image inputs. */
  preprocessing: z.array(preprocessingSchema).optional(),
  /** Outputs that were judged: the label that the model gives, the scores or the value behind it. */
  outputs: z.strictObject({
    label: z.string().optional(),
    scores: z.string().optional(),
    value: z.string().optional(),
  }),
  /** In the order of the scores. */
  classes: z.array(z.string()).optional(),
  /** Of two classes the one that precision, recall, F1 and the curves are about. */
  positive: z.string().optional(),
  metrics: metricsSchema,
  /** Rows: the true class; columns: the predicted one. Left out above 64 classes. */
  confusion: z.array(z.array(z.int().min(0))).optional(),
  /** The same rows in native onnxruntime; null if it does not run there. */
  native: z
    .strictObject({
      rows: z.int().min(1),
      /** Every answer is within the manifest's tolerance. */
      agrees: z.boolean(),
      metrics: metricsSchema,
    })
    .nullable(),
  gate: z.strictObject({
    /** What was asked, as it was written: `roc_auc>=0.95`, `max-regression 0.01`. */
    requirements: z.array(z.string()),
    /** The version that was served then, and its figures on the same data. */
    stable: z.strictObject({ version: versionSchema, metrics: metricsSchema }).optional(),
    /** Why there was no comparison with the version that was served then. */
    notCompared: z.string().optional(),
    /** Passed over the requirements that were not met. */
    forced: z.strictObject({ reason: z.string(), failures: z.array(z.string()).min(1) }).optional(),
  }),
});

export type Evaluation = z.infer<typeof evaluationSchema>;
