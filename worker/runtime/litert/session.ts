// A session of LiteRT: one converted model in the heap, ready to run on inputs of the shapes that it was converted for.
import { RefusedError } from '../heap-errors.ts';
import type { ModelSession } from '../loader.ts';
import type { Block } from '../model-place.ts';
import type { RuntimeInput, RuntimeTensor } from '../runtime-tensor.ts';
import type { LiteRtHeap } from './heap.ts';
import type {
  GlueCompiledModel,
  GlueModel,
  GlueObject,
  GlueTensorBuffer,
  GlueTensorType,
} from './module/litert_wasm_internal.mjs';
import { elementsOf, type LiteRtValue, liteRtValue, takeAll } from './value.ts';

/** Conversion gives a model this one way to be called. */
const signature = 0;
/** The kernels of XNNPACK run on this thread; there is no other. */
const options = { accelerator: 'wasm', cpuOptions: { numThreads: 1 }, gpuOptions: {}, webNNOptions: {} };

/** An input, and where LiteRT reads its elements in every run. */
interface KeptInput {
  readonly value: LiteRtValue;
  readonly buffer: GlueTensorBuffer;
  readonly pointer: number;
}

export class LiteRtSession implements ModelSession {
  readonly heap: LiteRtHeap;
  readonly inputs: readonly LiteRtValue[];
  readonly outputs: readonly LiteRtValue[];
  readonly #bytes: Block;
  readonly #model: GlueModel;
  readonly #compiled: GlueCompiledModel;
  readonly #kept: readonly KeptInput[];
  readonly #buffers: readonly GlueTensorBuffer[];

  private constructor(heap: LiteRtHeap, bytes: Block, { model, compiled, kept, outputs }: Made) {
    this.heap = heap;
    this.#bytes = bytes;
    this.#model = model;
    this.#compiled = compiled;
    this.#kept = kept;
    this.#buffers = kept.map(({ buffer }) => buffer);
    this.inputs = kept.map(({ value }) => value);
    this.outputs = outputs;
  }

  /**
   * Makes a session from the bytes of a converted model that lie in the heap, and takes the bytes over: they are freed with the session,
   * or at once if it cannot be made.
   * @throws {RefusedError} when LiteRT refuses the model, or it is none that conversion makes
   * @throws {HeapFullError} when it does not fit into the heap, which is broken then
   * @throws {HeapBrokenError} when it breaks the heap
   */
  static create(heap: LiteRtHeap, bytes: Block): LiteRtSession {
    const owned: GlueObject[] = [];
    try {
      return new LiteRtSession(heap, bytes, make(heap, bytes, owned));
    } catch (error) {
      heap.release(owned.reverse());
      heap.free(bytes.pointer);
      throw error;
    }
  }

  run<T>(inputs: readonly RuntimeInput[], outputNames: readonly string[], read: (outputs: RuntimeTensor[]) => T): T {
    const { heap } = this;
    const elements = this.#kept.map(({ value }) => elementsOf(value, inputs));
    if (inputs.length > elements.length) throw this.#surplus(inputs);
    const wanted = outputNames.map((name) => this.#indexOf(name));
    this.#kept.forEach(({ pointer, value }, index) => {
      const target = heap.bytes(pointer, value.bytes);
      const data = elements[index];
      if (data instanceof Uint8Array) target.set(data);
      else data?.write(target);
    });
    let results: readonly GlueTensorBuffer[] = [];
    try {
      const places = heap.call('run the model', ({ LiteRtTensorBufferLockMode: { READ } }) => {
        results = this.#compiled.run(signature, this.#buffers);
        return results.map((result) => placeOf(result, READ));
      });
      // The memory may have grown until here, which detaches every view of it: the views are made last.
      return read(wanted.map((index) => this.#view(index, places)));
    } finally {
      heap.release(results);
    }
  }

  release(): void {
    this.heap.release(this.#buffers);
    this.heap.release([this.#compiled, this.#model]);
    this.heap.free(this.#bytes.pointer);
  }

  #view(index: number, places: readonly number[]): RuntimeTensor {
    const [output, place] = [this.outputs[index], places[index]];
    if (output === undefined || place === undefined) throw new Error('LiteRT gave fewer outputs than it named');
    return { elementType: output.elementType, shape: output.shape, data: this.heap.bytes(place, output.bytes) };
  }

  #indexOf(name: string): number {
    const index = this.outputs.findIndex((output) => output.name === name);
    if (index === -1) throw new RefusedError(`the model has no output '${name}'`);
    return index;
  }

  #surplus(inputs: readonly RuntimeInput[]): RefusedError {
    const known = this.inputs.map(({ name }) => name);
    const surplus = inputs.find(({ name }, index) => {
      return !known.includes(name) || inputs.findIndex((other) => other.name === name) < index;
    });
    return new RefusedError(`input '${surplus?.name}' is one too many: expected each of ${known.join(', ')} once`);
  }
}

interface Made {
  readonly model: GlueModel;
  readonly compiled: GlueCompiledModel;
  readonly kept: readonly KeptInput[];
  readonly outputs: readonly LiteRtValue[];
}

/** @param owned gets each object that is made, in order */
function make(heap: LiteRtHeap, { pointer, bytes }: Block, owned: GlueObject[]): Made {
  const { environment } = heap;
  const own = <T extends GlueObject>(object: T): T => {
    owned.push(object);
    return object;
  };
  const model = heap.call('read the model', (litert) => own(litert.loadModel(environment, pointer, bytes)));
  const signatures = heap.call('count its signatures', () => model.getNumSignatures());
  if (signatures !== 1) throw new RefusedError(`the model has ${signatures} signatures, expected 1`);
  const compiled = heap.call('load the model', (litert) =>
    own(litert.compileModel(environment, model, { ...options, environment })),
  );
  const names = heap.call('name its inputs and outputs', () =>
    using(model.getSignature(signature), (named) => ({
      inputs: takeAll(named.inputNames()),
      outputs: takeAll(named.outputNames()),
    })),
  );
  const kept = names.inputs.map((name, index) =>
    heap.call(`make input '${name}'`, ({ LiteRtTensorBuffer, LiteRtTensorBufferType, LiteRtTensorBufferLockMode }) =>
      using(model.getInputTensorType(signature, index), (type): KeptInput => {
        const value = liteRtValue(name, type);
        const { HOST_MEMORY } = LiteRtTensorBufferType;
        const buffer = own(LiteRtTensorBuffer.createManaged(environment, HOST_MEMORY, type, value.bytes));
        return { value, buffer, pointer: placeOf(buffer, LiteRtTensorBufferLockMode.WRITE) };
      }),
    ),
  );
  const outputs = names.outputs.map((name, index) =>
    heap.call(`describe output '${name}'`, () =>
      using(model.getOutputTensorType(signature, index), (type: GlueTensorType) => liteRtValue(name, type)),
    ),
  );
  return { model, compiled, kept, outputs };
}

/** @returns where its elements lie as long as it does */
function placeOf(buffer: GlueTensorBuffer, mode: unknown): number {
  const place = buffer.lock(mode);
  buffer.unlock();
  return place;
}

function using<T extends GlueObject, R>(object: T, action: (object: T) => R): R {
  try {
    return action(object);
  } finally {
    object.delete();
  }
}
