// Whether LiteRT may run a model at all: told from the graph and the signature, before anything is converted.
import type { Signature } from '../../../registry/signature.ts';
import { families } from '../../convert-litert/operators/families.ts';
import type { Original } from '../original.ts';
import type { Source } from '../source.ts';

/** LiteRT gains by its convolutions. Nets without any were slower in it, or no faster than it takes to be chosen. */
const convolutions = new Set(['Conv', 'ConvTranspose', 'ConvInteger', 'QLinearConv']);

/** Whether it is worth an attempt where nobody asks for it: graphs without a convolution pay nothing. */
export function hasConvolution({ onnx }: Source): boolean {
  return onnx?.graph.node.some(({ opType }) => convolutions.has(opType)) ?? false;
}

/** @returns why it cannot, as the end of a sentence; null where only the conversion can tell */
export function ineligible(source: Source, { signature, samples, randomness }: Original): string | null {
  if (source.onnx === null) return 'it is in ORT format, and LiteRT’s model is converted from .onnx';
  if (randomness !== null) return 'it draws random numbers';
  const fault = tensorFault(signature);
  if (fault !== null) return fault;
  const unknown = new Set(
    source.onnx.graph.node
      .map(({ opType }) => opType)
      .filter((operator) => convolutions.has(operator) && !Object.hasOwn(families, operator)),
  );
  for (const operator of unknown) return `operator ${operator} is not covered`;
  const [sample] = samples;
  if (sample === undefined) return 'no sample input is known to fix its shapes';
  if (sample.inputs.some(({ shape }) => shape.includes(0))) return 'its sample input has no elements';
  return null;
}

function tensorFault({ inputs, outputs }: Signature): string | null {
  if (inputs.length === 0) return 'it takes no inputs';
  for (const [kind, specs] of [
    ['input', inputs],
    ['output', outputs],
  ] as const) {
    const other = specs.find(({ datatype }) => datatype !== 'FP32');
    if (other !== undefined) return `${kind} '${other.name}' is ${other.datatype}, and LiteRT is used for FP32 only`;
  }
  return null;
}
