// The evaluation of a version: its scores on test data, in the runtime and build that serve, and the requirements it had to meet.
// It is part of the manifest and must be the same in each repetition, so it holds no times and no hosts.
import * as z from 'zod';
import { mostEntries, mostRemarks, mostTensors, nameText, plainText } from './bounds.ts';
import { digestSchema, versionSchema } from './names.ts';

export const tasks = ['binary', 'multiclass', 'regression'] as const;
export type Task = (typeof tasks)[number];

/** What a version may have been judged by; boxes are judged where its pipeline ends in them. */
export const evaluationTasks = [...tasks, 'detection'] as const;
export type EvaluationTask = (typeof evaluationTasks)[number];

/** Values of metrics, by scikit-learn's names: `roc_auc`, `f1_macro`, `rmse`; of detectors `map50`, `map50_95`. */
export const metricsSchema = z.record(nameText.regex(/^[a-z][a-z0-9_]*$/), z.number());

export type Metrics = z.infer<typeof metricsSchema>;

/** How a text file was read, where that is not UTF-8, commas (tabs in .tsv) and decimal points. */
const readingSchema = z.strictObject({
  encoding: nameText.optional(),
  separator: nameText.optional(),
  decimal: z.literal(',').optional(),
  /** Cells that were named as missing. */
  missing: z.array(nameText).max(mostRemarks).optional(),
});

/** A data file by its content. The digest of a folder is taken over its files' names and digests. */
export const dataSchema = z.strictObject({
  file: nameText,
  digest: digestSchema,
  rows: z.int().min(1),
  reading: readingSchema.optional(),
});

export type DataReference = z.infer<typeof dataSchema>;

/** How an image was made into a row of an input. */
export const preprocessingSchema = z.strictObject({
  input: nameText,
  layout: z.enum(['NCHW', 'NHWC']),
  channels: z.enum(['RGB', 'grey']),
  /** Pixels of the shorter side after bilinear resizing; `stretch` resizes to `size` whatever the shape; `none` does not resize. */
  resize: z.union([z.int().min(1), z.enum(['stretch', 'none'])]),
  /** Height and width, cut from the centre; null if every image keeps its own. */
  size: z.tuple([z.int().min(1), z.int().min(1)]).nullable(),
  /** The range of a channel before mean and standard deviation. */
  scale: z.enum(['0-1', '0-255']),
  /** Subtracted from each channel, in units of the scale. */
  mean: z.array(z.number()).max(mostRemarks),
  /** Each channel is divided by it after that. */
  std: z.array(z.number().positive()).max(mostRemarks),
});

export type Preprocessing = z.infer<typeof preprocessingSchema>;

export const evaluationSchema = z.strictObject({
  data: dataSchema,
  task: z.enum(evaluationTasks),
  /** The column or file that holds the true values. */
  label: nameText,
  /** Present for image inputs. */
  preprocessing: z.array(preprocessingSchema).max(mostTensors).optional(),
  /** The outputs that were judged: the label that the model gives, the scores or the value behind it. */
  outputs: z.strictObject({
    label: nameText.optional(),
    scores: nameText.optional(),
    value: nameText.optional(),
  }),
  /** Names of the classes, in the order of the scores; then those that only the label or the truth has. */
  classes: z.array(nameText).max(mostEntries).optional(),
  /**
   * Where the order of the classes comes from: the model's graph, --labels, the numbers of the columns (if there is no label), or
   * --positive (for a single probability).
   */
  order: z.enum(['graph', 'labels', 'column', 'positive']).optional(),
  /** With two classes, the one that precision, recall, F1 and the curves are about. */
  positive: nameText.optional(),
  metrics: metricsSchema,
  /** 95 % intervals of the figures: Wilson's of shares, resampled ones of all others. */
  intervals: z.record(nameText, z.tuple([z.number(), z.number()])).optional(),
  /** Figures of the task that could not be computed, and why. */
  absent: z.record(nameText, plainText).optional(),
  /** Remarks for a reader of the figures, one sentence each. */
  warnings: z.array(plainText).max(mostRemarks).optional(),
  /** Rows: the true class; columns: the predicted one. Left out above 64 classes. */
  confusion: z
    .array(z.array(z.int().min(0)).max(mostRemarks))
    .max(mostRemarks)
    .optional(),
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
    /** The requirements as they were written: `roc_auc>=0.95`, `max-regression 0.01`. */
    requirements: z.array(plainText).max(mostRemarks),
    /** The requirements were held against the worse end of the intervals. */
    strict: z.literal(true).optional(),
    /** The version that was served then, and its figures on the same data. */
    stable: z.strictObject({ version: versionSchema, metrics: metricsSchema }).optional(),
    /** Why there was no comparison with the version that was served then. */
    notCompared: plainText.optional(),
    /** Present if the version was published although it does not meet some requirements. */
    forced: z.strictObject({ reason: plainText, failures: z.array(plainText).min(1).max(mostRemarks) }).optional(),
  }),
});

export type Evaluation = z.infer<typeof evaluationSchema>;
