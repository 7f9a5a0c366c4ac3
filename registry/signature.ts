// The signature of a model: names, datatypes and shapes of its inputs and outputs, as the Open Inference Protocol writes them.
import * as z from 'zod';
import { mostAxes, mostSize, mostTensors, nameText } from './bounds.ts';
import { type Datatype, elementBytes } from './datatype.ts';

export { type Datatype, elementBytes };

export type FloatDatatype = 'FP16' | 'BF16' | 'FP32' | 'FP64';

const floatDatatypes: ReadonlySet<Datatype> = new Set<FloatDatatype>(['FP16', 'BF16', 'FP32', 'FP64']);

/** @returns whether the elements are floating-point numbers, not integers, booleans or strings */
export function isFloat(datatype: Datatype): datatype is FloatDatatype {
  return floatDatatypes.has(datatype);
}

export const datatypes = Object.keys(elementBytes) as [Datatype, ...Datatype[]];

export const datatypeSchema = z.enum(datatypes);

export const tensorSpecSchema = z.strictObject({
  name: nameText,
  datatype: datatypeSchema,
  /** `-1` is a variable dimension, `[]` the shape of a scalar. */
  shape: z.array(z.int().min(-1).max(mostSize)).max(mostAxes),
});

export type TensorSpec = z.infer<typeof tensorSpecSchema>;

export const batchSchema = z.strictObject({
  /** How many records a request has: `-1` is any number. */
  size: z.union([z.literal(-1), z.int().min(1)]),
  /** Inputs and outputs whose axis 0 counts the records; all others are the same for, or speak of, the whole request. */
  inputs: z.array(nameText).max(mostTensors),
  outputs: z.array(nameText).max(mostTensors),
});

export const signatureSchema = z.strictObject({
  inputs: z.array(tensorSpecSchema).max(mostTensors),
  outputs: z.array(tensorSpecSchema).min(1).max(mostTensors),
  /** Inputs with a default in the model: a request may leave them out. */
  optionalInputs: z.array(tensorSpecSchema).min(1).max(mostTensors).optional(),
  /** Found out when the version was published; `batchOf` of batch.ts says what holds for versions without it. */
  batch: batchSchema.optional(),
});

export type Signature = z.infer<typeof signatureSchema>;

/** All inputs that a request may name: first those that it must, then those with a default. */
export function inputsTaken({
  inputs,
  optionalInputs = [],
}: Pick<Signature, 'inputs' | 'optionalInputs'>): readonly TensorSpec[] {
  return optionalInputs.length === 0 ? inputs : [...inputs, ...optionalInputs];
}

/** Whether a shape, as a signature has it, always has exactly one element. */
export function isOneValue(shape: readonly number[]): boolean {
  return !shape.includes(-1) && elementCount(shape) === 1;
}

/** Number of elements of a shape without variable dimensions; 1 for a scalar, 0 with a zero beside any other dimensions. */
export function elementCount(shape: readonly number[]): number {
  // The product of large dimensions may be infinite, and infinity times zero is not zero.
  if (shape.includes(0)) return 0;
  return shape.reduce((count, dimension) => count * dimension, 1);
}
