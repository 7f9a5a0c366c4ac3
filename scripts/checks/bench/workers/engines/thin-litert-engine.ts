// LiteRT.js below its own JavaScript: the buffers of the inputs are made once, inputs are copied straight into its memory, and a run
// makes no object but those that the glue makes for the outputs. It shows what a thinner layer than the package's would gain.
import { type CompiledModel, Tensor } from '@litertjs/core';
import type { RawTensor } from '../../../../inspect/raw-frame.ts';
import type { Engine, LoadedModel } from './engine.ts';
import type { LiteRtEngine } from './litert-engine.ts';

const float32 = 1;

type TensorBuffer = Tensor['liteRtTensorBuffer'];

/** The model as the glue has it, which the package keeps to itself. */
interface GlueModel {
  run(signature: number, inputs: readonly TensorBuffer[]): TensorBuffer[] | Promise<TensorBuffer[]>;
}

export class ThinLiteRtEngine implements Engine {
  readonly #engine: LiteRtEngine;

  /** @param engine whose instance it shares */
  constructor(engine: LiteRtEngine) {
    this.#engine = engine;
  }

  get heapBytes(): number {
    return this.#engine.heapBytes;
  }

  async load(model: Uint8Array): Promise<LoadedModel> {
    const compiled = await this.#engine.compile(model);
    const { liteRtCompiledModel: glueModel } = compiled as unknown as { readonly liteRtCompiledModel: GlueModel };
    const { module } = this.#engine;
    const { READ, WRITE } = module.LiteRtTensorBufferLockMode;
    const inputDetails = compiled.getInputDetails();
    const outputs = compiled.getOutputDetails().map(({ name, shape }) => ({ name, shape: [...shape] }));
    const kept = inputDetails.map(({ shape }) => emptyTensor(shape));
    const buffers = kept.map(({ liteRtTensorBuffer }) => liteRtTensorBuffer);
    const read = (buffer: TensorBuffer): Uint8Array => {
      const at = buffer.lock(READ);
      const bytes = module.HEAPU8.slice(at, at + buffer.packedSize());
      buffer.unlock();
      buffer.delete();
      return bytes;
    };
    return {
      async run(inputs) {
        inputDetails.forEach(({ name }, index) => {
          const data = inputs.find((input) => input.name === name)?.data;
          const buffer = buffers[index];
          if (!(data instanceof Uint8Array) || buffer === undefined)
            throw new Error(`input '${name}': expected numbers`);
          module.HEAPU8.set(data, buffer.lock(WRITE));
          buffer.unlock();
        });
        const results = await glueModel.run(0, buffers);
        return results.flatMap((buffer, index): RawTensor[] => {
          const output = outputs[index];
          const data = read(buffer);
          return output === undefined ? [] : [{ ...output, elementType: float32, data }];
        });
      },
      async release() {
        for (const tensor of kept) tensor.delete();
        compiled.delete();
      },
    };
  }
}

function emptyTensor(shape: ReturnType<CompiledModel['getInputDetails']>[number]['shape']): Tensor {
  return new Tensor(new Float32Array(shape.reduce((count, size) => count * size, 1)), [...shape]);
}
