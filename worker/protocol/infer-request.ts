// A decoded inference request: what the codecs hand to the rest of the Worker. Nothing after it looks at the wire form again.
import { defaultLimits } from '../../registry/default-limits.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { Signature } from '../../registry/signature.ts';
import type { AnswerForm } from './answer-form.ts';
import type { InputTensor, Tensor } from './tensor.ts';

/** `$parameters` of a message. Those that nobody reads may hold anything: clients send objects in `headers`, for example. */
export type Parameters = Readonly<Record<string, unknown>>;

/** A head that was checked against a version, and what follows from it. */
export interface CheckedHead {
  readonly manifest: Manifest;
  /** The names of the outputs that it asks for, each once. */
  readonly names: readonly string[];
  /** The form of the last answer to it. */
  answer: AnswerForm | null;
}

export interface RequestedOutput {
  readonly name: string;
  /** `parameters.binary_data`; undefined leaves it to the request's `binaryOutputs`. */
  readonly binary: boolean | undefined;
  /** `parameters.classification`: how many of the highest values to name instead of the tensor. */
  readonly classification: number | undefined;
}

export interface InferRequest {
  readonly id?: string;
  readonly parameters: Parameters;
  readonly inputs: readonly Tensor[];
  /** `null`: all outputs of the model. */
  readonly outputs: readonly RequestedOutput[] | null;
  /** `parameters.binary_data_output`: outputs that do not say otherwise are binary. */
  readonly binaryOutputs: boolean;
  /** How many plain records came instead of tensors; they are answered with predictions. */
  readonly records?: number;
  /** The head that this one repeats byte for byte: what depends on it alone was checked before. */
  readonly known?: CheckedHead;
}

/** What a model runs on: a request as it came, or what a pipeline made of one. */
export interface RunRequest extends Omit<InferRequest, 'inputs'> {
  readonly inputs: readonly InputTensor[];
}

/** The names of the outputs to compute, each once. */
export function outputNames({ outputs }: Pick<InferRequest, 'outputs'>, signature: Signature): string[] {
  return [...new Set((outputs ?? signature.outputs).map(({ name }) => name))];
}

/** Limits of one request, checked before memory is taken for it. */
export interface DecodeLimits {
  readonly maxInputs: number;
  /** Elements of all inputs together. */
  readonly maxElements: number;
  readonly maxJsonDepth: number;
  /** The JSON of a request, which costs several times as much to read as as many bytes of binary tensors. */
  readonly maxJsonBytes: number;
  /** Plain records, or rows of TensorFlow Serving's form. */
  readonly maxRecords: number;
}

/** Unless the settings say otherwise. */
export const decodeLimits: DecodeLimits = {
  maxInputs: defaultLimits.inputs,
  maxElements: defaultLimits.elements,
  maxJsonDepth: defaultLimits.jsonDepth,
  maxJsonBytes: defaultLimits.jsonMib * mebibyte,
  maxRecords: defaultLimits.records,
};
