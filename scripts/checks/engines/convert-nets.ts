// The nets as every engine takes them: converted for the second one, and in ORT format as publishing makes it.
import { convertModel } from '../../convert-litert/convert.ts';
import { Refusal } from '../../convert-litert/refusal.ts';
import { runNative } from '../../inspect/native.ts';
import { readModel } from '../../onnx/model-file.ts';
import type { EngineName } from './calls.ts';
import type { Net } from './nets.ts';

export interface ConvertedNet {
  readonly net: Net;
  /** Operators of the converted model. */
  readonly operators: Readonly<Record<string, number>>;
  /** By output of a quantised net: the step of its last integers. */
  readonly steps: Readonly<Record<string, number>>;
  readonly models: Readonly<Record<EngineName, Uint8Array>>;
}

export interface RefusedNet {
  readonly net: string;
  readonly reason: string;
}

const limits = { timeoutMs: 120_000, memoryMib: 4096 };

/** @returns why not, where the net does not convert */
export async function convertNet(net: Net): Promise<ConvertedNet | RefusedNet> {
  try {
    const { bytes, operators, steps } = await convertModel(readModel(net.onnx), net.shapes);
    const ort = await ortFormat(net);
    return { net, operators, steps, models: { stock: net.onnx, litert: bytes, thin: bytes, fast: ort, lean: ort } };
  } catch (error) {
    if (error instanceof Refusal) return { net: net.name, reason: error.message };
    throw error;
  }
}

async function ortFormat({ name, onnx }: Net): Promise<Uint8Array> {
  const { converted } = await runNative({ model: onnx, format: 'onnx', convert: true, samples: [], limits });
  if ('fault' in converted) throw new Error(`${name}: no ORT format: ${converted.fault}`);
  return converted;
}
