// Asks both engines in one workerd: the original in onnxruntime-web, and what the conversion makes of it in LiteRT.js.
import { type MeasuredWorker, startMeasured } from '../../../scripts/checks/bench/measured-worker.ts';
import { bundleEngines } from '../../../scripts/checks/engines/bundles.ts';
import { answer, call } from '../../../scripts/checks/engines/calls.ts';
import { type Converted, convertModel } from '../../../scripts/convert-litert/convert.ts';
import { readModel } from '../../../scripts/onnx/model-file.ts';
import { encodeFrame, type RawTensor } from '../../../worker/protocol/raw-frame.ts';

export interface Answers {
  readonly expected: readonly RawTensor[];
  readonly actual: readonly RawTensor[];
  readonly converted: Converted;
}

export interface BothEngines extends AsyncDisposable {
  /** @param onnx whose inputs are those that are given */
  ask(onnx: Uint8Array, inputs: readonly RawTensor[]): Promise<Answers>;
}

export async function startBothEngines(): Promise<BothEngines> {
  await using resources = new AsyncDisposableStack();
  const bundles = resources.use(await bundleEngines('2026-07-30', 'both'));
  const running: MeasuredWorker = await startMeasured({ worker: bundles.both });
  resources.defer(() => running.stop());
  const owned = resources.move();
  return {
    async ask(onnx, inputs) {
      const frame = encodeFrame({ tensors: [...inputs], extra: {} });
      const converted = await convertModel(readModel(onnx), new Map(inputs.map(({ name, shape }) => [name, shape])));
      await call(running, '/load', 'stock', onnx);
      await call(running, '/load', 'litert', converted.bytes);
      return {
        expected: await answer(running, 'stock', frame),
        actual: await answer(running, 'litert', frame),
        converted,
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
