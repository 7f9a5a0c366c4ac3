// The cost of runs on inputs of growing size when a version was published: the measurements behind the limits on its inputs.
import * as z from 'zod';
import { mostAxes, mostTensors, nameText } from './bounds.ts';

/** Sizes grow in steps of up to eight times. */
const mostPoints = 64;

const costPointSchema = z.strictObject({
  /** Shape of the largest input. */
  shape: z.array(z.int().min(0)).max(mostAxes),
  ms: z.number().min(0),
  /** The heap with the model, after the run: it never shrinks, so this is the peak of all runs so far. */
  heapBytes: z.int().min(0),
});

const seriesSchema = z.strictObject({
  /** Symbols of the dimensions that grew, `input:axis` for one without. */
  moved: z.array(nameText).max(mostTensors),
  /** Smallest first. */
  points: z.array(costPointSchema).max(mostPoints),
});

export const runCostsSchema = z.strictObject({
  /** The clock of `ms`: time on the processor, or on the clock where the system does not tell the former. */
  clock: z.enum(['processor', 'wall']),
  /** A run may take no longer. */
  limitMs: z.number().min(0),
  /** The heap may become no larger. */
  limitBytes: z.int().min(0),
  series: z.array(seriesSchema).max(mostTensors),
});

export type RunCosts = z.infer<typeof runCostsSchema>;
