// The step from a detector's outputs to boxes with labels and scores, for each way in which detectors write them.
import * as z from 'zod';
import { mostEntries, nameText } from '../bounds.ts';

const activation = z.enum(['softmax', 'sigmoid', 'none']);
/** The class that means that nothing is there, among those of a row of scores. */
const background = z.enum(['first', 'last', 'none']);
/** Width and height of a box, in pixels of the model's input. */
const extent = z.tuple([z.number().positive(), z.number().positive()]);

/** Boxes that stand on a grid, row by row, those of one place behind each other; level by level. */
export const priorsSchema = z.strictObject({
  levels: z
    .array(
      z.strictObject({
        /** Pixels of the model's input from one place of the grid to the next. */
        step: z.number().min(1).max(8192),
        boxes: z.array(extent).min(1).max(64),
      }),
    )
    .min(1)
    .max(16),
  /** Their centres and sizes are held to 0 to 1. */
  clip: z.boolean(),
});

export type Priors = z.infer<typeof priorsSchema>;

/** What distances are multiplied with: of centres, and of sizes. */
export const variancesSchema = z.tuple([z.number().positive(), z.number().positive()]);

export const boxFormSchema = z.discriminatedUnion('form', [
  /** YOLOv5 to YOLO11: centre, size and classes of each candidate, in pixels of the input, scores as they are. */
  z.strictObject({
    form: z.literal('yolo'),
    output: nameText,
    /** A value behind the box that each class is multiplied with. */
    objectness: z.boolean(),
    /** `rows`: [N, candidates, values]; `columns`: [N, values, candidates]. */
    candidates: z.enum(['rows', 'columns']),
  }),
  /** YOLOX without its last layer: [N, candidates, 5 + classes] in units of the grids of these strides. */
  z.strictObject({
    form: z.literal('yolox'),
    output: nameText,
    strides: z.array(z.int().min(1).max(8192)).min(1).max(8),
  }),
  /** SSD: how far each box lies from its prior, [N, priors, 4], and its classes, [N, priors, classes]. */
  z.strictObject({
    form: z.literal('ssd'),
    boxes: nameText,
    scores: nameText,
    activation,
    background,
    variances: variancesSchema,
    priors: priorsSchema,
  }),
  /** Boxes that are boxes already, [N, candidates, 4], and their classes, [N, candidates, classes]. */
  z.strictObject({
    form: z.literal('decoded'),
    boxes: nameText,
    scores: nameText,
    activation,
    background,
    /** `corners`: left, top, right, bottom; `centre`: its x and y, width, height. */
    as: z.enum(['corners', 'centre']),
    /** Of the model's input: its pixels, or shares of its sides. */
    units: z.enum(['pixels', 'share']),
  }),
  /** DETR: a box of each query, [N, queries, 4] as centre and size in shares of the picture, and its classes, [N, queries, classes]. */
  z.strictObject({
    form: z.literal('detr'),
    boxes: nameText,
    scores: nameText,
    /** `softmax`: the last class means that nothing is there, and the best class counts; `sigmoid`: each class counts for itself. */
    activation: z.enum(['softmax', 'sigmoid']),
  }),
]);

export type BoxForm = z.infer<typeof boxFormSchema>;
/** A form of one name. */
export type BoxFormOf<N extends BoxForm['form']> = Extract<BoxForm, { form: N }>;

/** Boxes in an answer, whatever a version wants. */
export const mostBoxes = 1000;

export const boxesSchema = z.strictObject({
  step: z.literal('boxes'),
  decode: boxFormSchema,
  /** Names of the classes by their numbers, without a background. */
  labels: z.array(nameText).min(1).max(mostEntries),
  /** Boxes that score less are left out of an answer that asks for no other threshold. */
  threshold: z.number().min(0).max(1),
  /** Of two boxes of one class whose intersection over union is above this, the better one is kept; null keeps both. */
  iou: z.number().min(0).max(1).nullable(),
  /** Boxes in an answer. */
  most: z.int().min(1).max(mostBoxes),
});

export type BoxesStep = z.infer<typeof boxesSchema>;

/** The model's outputs that a form reads. */
export function boxOutputs(form: BoxForm): string[] {
  return 'output' in form ? [form.output] : [form.boxes, form.scores];
}
