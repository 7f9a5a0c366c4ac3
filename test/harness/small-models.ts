// Small models made in code, with manifests as `popserve publish` would write them, for tests that need to know every answer.
import type { Manifest } from '../../registry/manifest.ts';
import type { Signature } from '../../registry/signature.ts';
import { endlessModel, endlessSignature } from '../../scripts/checks/endless-model.ts';
import { unmeasuredManifest } from '../../scripts/checks/unmeasured-manifest.ts';
import { type AttributeValue, floats, mlDomain, model, node, tensorValue } from '../../scripts/onnx/build.ts';
import { type OnnxModel, writeModel } from '../../scripts/onnx/model-file.ts';
import type { NodeProto } from '../../scripts/onnx/onnx_pb.ts';
import { sha256, type TestPop } from './pop.ts';

export interface SmallPublication {
  readonly manifest: Manifest;
  readonly blobs: readonly { readonly digest: string; readonly bytes: Uint8Array }[];
}

const float32 = 1;

/** y = x + constant, FP32 [-1,2]: the answer tells which version gave it. `ballastBytes` of weights come with it. */
export function adder(name: string, version: string, constant: number, ballastBytes = 0): SmallPublication {
  const side = Math.ceil(Math.sqrt(ballastBytes / 4));
  const weights = new Float32Array(side * side).fill(constant / 1e6);
  const built = model({
    name: 'adder',
    opsets: { '': 17 },
    inputs: [tensorValue('x', float32, ['batch', 2])],
    outputs: [tensorValue('y', float32, ['batch', 2])],
    nodes:
      side === 0
        ? [node('Add', ['x', 'constant'], ['y'])]
        : [
            node('ReduceMax', ['weights'], ['largest'], { keepdims: { int: 0 } }),
            node('Mul', ['largest', 'nothing'], ['zero']),
            node('Add', ['x', 'constant'], ['sum']),
            node('Add', ['sum', 'zero'], ['y']),
          ],
    initializers: [
      floats('constant', [], [constant]),
      ...(side === 0 ? [] : [floats('weights', [side, side], weights), floats('nothing', [], [0])]),
    ],
  });
  const signature: Signature = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
  };
  return publication(name, version, built, signature, { zeroSizes: [[{ input: 'x', axis: 0 }]] });
}

/** A model that never returns. y = x, FP32 [-1,2]. */
export function endless(name: string, version: string, changes: Partial<Manifest> = {}): SmallPublication {
  return publication(name, version, endlessModel(), endlessSignature, changes);
}

/** A manifest around a model's bytes, published as ONNX without measurements. */
export function publication(
  name: string,
  version: string,
  source: OnnxModel | Uint8Array,
  signature: Signature,
  changes: Partial<Manifest> = {},
): SmallPublication {
  const bytes = source instanceof Uint8Array ? source : writeModel(source);
  const digest = sha256(bytes);
  const manifest = unmeasuredManifest(name, version, { digest, bytes: bytes.length }, signature, changes);
  return { manifest, blobs: [{ digest, bytes }] };
}

/** Releases two versions of `adder`: 1 adds 10 and is stable, 2 adds 20 and is the alias `next`. */
export async function releaseTwoAdders(pop: TestPop): Promise<void> {
  await pop.release(adder('adder', '1', 10));
  await pop.release(adder('adder', '2', 20), false);
  await pop.takeOver('adder', { action: 'alias', name: 'next', version: '2' });
}

/** From `x`, FP32 [n,2], a `label` and the `scores` of two classes. @param classes their labels, as ONNX's attribute has them */
export function linearClassifier(classes: Record<string, AttributeValue>): NodeProto {
  const weights = {
    coefficients: { floats: [-1, -2, 1, 2] },
    intercepts: { floats: [0.5, -0.5] },
    post_transform: { string: 'SOFTMAX' },
  };
  return node('LinearClassifier', ['x'], ['label', 'scores'], { ...weights, ...classes }, mlDomain);
}
