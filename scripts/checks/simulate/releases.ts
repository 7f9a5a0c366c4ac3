// The versions of the simulated model: y = x + a constant of the version's own, so that an answer itself tells who gave it.
import { createHash } from 'node:crypto';
import type { Manifest } from '../../../registry/manifest.ts';
import type { Signature } from '../../../registry/signature.ts';
import { runNative } from '../../inspect/native.ts';
import { floats, model, node, tensorValue } from '../../onnx/build.ts';
import { writeModel } from '../../onnx/model-file.ts';
import { unmeasuredManifest } from '../unmeasured-manifest.ts';

export interface Release {
  readonly version: string;
  readonly constant: number;
  readonly digest: string;
  readonly bytes: Buffer;
  readonly manifest: Manifest;
}

const float32 = 1;
/** A model of this project's own making: nothing has to be guarded against. */
const limits = { timeoutMs: 60_000, memoryMib: 1024 };

/**
 * In ORT format, converted as `popserve publish` does it.
 * @param ballastBytes of weights that are computed with and change nothing
 */
export async function makeRelease(name: string, number: number, ballastBytes: number): Promise<Release> {
  const version = String(number);
  const constant = number * 100;
  const side = Math.ceil(Math.sqrt(ballastBytes / 4));
  const source = writeModel(
    model({
      name: 'adder',
      opsets: { '': 17 },
      inputs: [tensorValue('x', float32, ['batch', 2])],
      outputs: [tensorValue('y', float32, ['batch', 2])],
      // Weights that no input met would be folded away by the conversion.
      nodes: [
        node('MatMul', ['x', 'widen'], ['wide']),
        node('MatMul', ['wide', 'weights'], ['mixed']),
        node('MatMul', ['mixed', 'narrow'], ['nothing']),
        node('Add', ['x', 'constant'], ['sum']),
        node('Add', ['sum', 'nothing'], ['y']),
      ],
      initializers: [
        floats('constant', [], [constant]),
        floats('widen', [2, side], new Float32Array(2 * side).fill(1)),
        floats('weights', [side, side], new Float32Array(side * side).fill(number / 1e6)),
        floats('narrow', [side, 2], new Float32Array(2 * side)),
      ],
    }),
  );
  const { converted } = await runNative({ model: source, format: 'onnx', convert: true, samples: [], limits });
  if ('fault' in converted) throw new Error(`the simulated model was not converted: ${converted.fault}`);
  return describe(name, version, constant, Buffer.from(converted));
}

/** A version whose bytes are no model: it loads nowhere. */
export function makeBrokenRelease(name: string, number: number): Release {
  return describe(name, String(number), number * 100, Buffer.from(`not a model ${number}`));
}

function describe(name: string, version: string, constant: number, bytes: Buffer): Release {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const signature: Signature = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
  };
  const manifest = unmeasuredManifest(name, version, { digest, bytes: bytes.length, format: 'ort' }, signature);
  return { version, constant, digest, bytes, manifest };
}
