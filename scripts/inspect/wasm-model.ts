// A model in the inspection Worker: loaded in a heap of its own, and again where a run has broken that heap.
import type { Signature, TensorSpec } from '../../registry/signature.ts';
import { datatypeOf } from '../../worker/protocol/element-type.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { fromRuntimeTensor, toRuntimeTensor } from '../../worker/runtime/tensors.ts';
import {
  type EngineLoadOptions,
  type HeapState,
  type InspectedRun,
  type InspectedSession,
  InspectionError,
  type Inspector,
} from './inspector.ts';
import { unprocessable } from './refusal.ts';

type WasmModelOptions = EngineLoadOptions & {
  readonly heapLimitMib: number;
  readonly timeoutMs: number;
};

export interface WasmRun {
  readonly outputs: readonly Tensor[];
  readonly heap: HeapState;
}

export class WasmModel {
  readonly #inspector: Inspector;
  readonly #bytes: Uint8Array;
  readonly #options: WasmModelOptions;
  #session: InspectedSession;
  #broken = false;

  private constructor(inspector: Inspector, bytes: Uint8Array, options: WasmModelOptions, session: InspectedSession) {
    this.#inspector = inspector;
    this.#bytes = bytes;
    this.#options = options;
    this.#session = session;
  }

  /**
   * Loads the model in a fresh heap.
   * @throws InspectionError
   */
  static async load(inspector: Inspector, bytes: Uint8Array, options: WasmModelOptions): Promise<WasmModel> {
    return new WasmModel(inspector, bytes, options, await loadAlone(inspector, bytes, options));
  }

  get session(): InspectedSession {
    return this.#session;
  }

  /** @throws InspectionError; unless it is 'refused', the next run loads the model again first */
  async run(inputs: readonly Tensor[]): Promise<WasmRun> {
    const { outputs, heap } = await this.#run(inputs, {});
    return { outputs: outputs.map((output) => fromRuntimeTensor(output.name, output)), heap };
  }

  /**
   * Measures one run, without its answer.
   * @param limits `cpuMs`: on the processor, or on the clock where the system does not tell; `timeoutMs`: on the clock in any case
   * @throws InspectionError, as `run`
   */
  async measure(
    inputs: readonly Tensor[],
    limits: { readonly cpuMs: number; readonly timeoutMs: number },
  ): Promise<Omit<InspectedRun, 'outputs'>> {
    return this.#run(inputs, { discard: true, ...limits });
  }

  /** Mean time of runs on the same inputs, milliseconds. */
  async time(inputs: readonly Tensor[], repeat: number, limitMs: number): Promise<number> {
    return (await this.#run(inputs, { repeat, limitMs })).runMs;
  }

  /** Runs on the same inputs again and again, without the answers. @throws InspectionError, as `run` */
  async repeat(inputs: readonly Tensor[], repeat: number): Promise<Omit<InspectedRun, 'outputs'>> {
    return this.#run(inputs, { repeat, discard: true });
  }

  async #run(
    inputs: readonly Tensor[],
    options: { repeat?: number; limitMs?: number; discard?: boolean; cpuMs?: number; timeoutMs?: number },
  ): Promise<InspectedRun> {
    if (this.#broken) {
      this.#session = await loadAlone(this.#inspector, this.#bytes, this.#options);
      this.#broken = false;
    }
    try {
      return await this.#inspector.run(this.#session.id, inputs.map(toRuntimeTensor), {
        timeoutMs: this.#options.timeoutMs,
        ...options,
      });
    } catch (error) {
      this.#broken = !(error instanceof InspectionError && error.kind === 'refused');
      throw error;
    }
  }
}

async function loadAlone(inspector: Inspector, bytes: Uint8Array, options: WasmModelOptions) {
  await inspector.dropHeap(options.heapLimitMib, options.engine);
  return inspector.load(bytes, options, options.timeoutMs);
}

/**
 * The session's inputs and outputs in OIP's terms.
 * @throws PopserveError UNPROCESSABLE naming the first of them that the Open Inference Protocol cannot carry
 */
export function signatureOf(session: InspectedSession): Signature {
  return {
    inputs: session.inputs.map((input) => specOf('input', input)),
    outputs: session.outputs.map((output) => specOf('output', output)),
  };
}

function specOf(kind: string, { name, elementType, type, shape }: InspectedSession['inputs'][number]): TensorSpec {
  const datatype = datatypeOf(elementType);
  if (datatype === null) {
    const what = elementType === 0 ? 'no tensor but a sequence, a map or an optional' : `of type ${type}`;
    throw unprocessable(`${kind} '${name}' is ${what}, which the Open Inference Protocol cannot carry`);
  }
  return { name, datatype, shape: shape.map((size) => (typeof size === 'number' ? size : -1)) };
}
