// onnxruntime-web as people use it: its own API, `.onnx`, all defaults, one thread.
import * as ort from 'onnxruntime-web/wasm';
import type { RawTensor } from '../../../../../worker/protocol/raw-frame.ts';
import type { Engine, LoadedModel } from './engine.ts';

/** Not a literal at the import: the bundler leaves it to the isolate. */
const glueName = 'stock-glue.js';
const float32 = 1;

export class StockEngine implements Engine {
  #heapBytes: () => number = () => 0;

  get heapBytes(): number {
    return this.#heapBytes();
  }

  async load(model: Uint8Array): Promise<LoadedModel> {
    ort.env.wasm.numThreads = 1;
    // With `wasm` given the package does not look for the file, which the glue has already.
    ort.env.wasm.wasmPaths = { mjs: glueName, wasm: 'compiled' };
    const session = await ort.InferenceSession.create(model);
    const glue: typeof import('../stock-glue.ts') = await import(glueName);
    this.#heapBytes = glue.heapBytes;
    return {
      async run(inputs) {
        const feeds = Object.fromEntries(inputs.map((input) => [input.name, toTensor(input)]));
        const results = await session.run(feeds);
        return Object.entries(results).map(([name, tensor]) => fromTensor(name, tensor));
      },
      release: () => session.release(),
    };
  }
}

function toTensor({ elementType, shape, data }: RawTensor): ort.Tensor {
  if (elementType !== float32 || !(data instanceof Uint8Array)) throw new Error('expected float32 elements');
  return new ort.Tensor(
    'float32',
    new Float32Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 4),
    shape,
  );
}

function fromTensor(name: string, { dims, data }: ort.Tensor): RawTensor {
  if (!(data instanceof Float32Array)) throw new Error(`output '${name}': expected float32 elements`);
  return {
    name,
    elementType: float32,
    shape: dims,
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}
