// A session: one model in the heap, ready to run. It works on raw elements of any ONNX type and does not know OIP (tensors.ts).
import { elementCount } from '../../registry/signature.ts';
import { elementTypeBytes, elementTypeOfAnswer, stringElementType } from '../protocol/element-type.ts';
import type { ElementWriter } from '../protocol/tensor.ts';
import type { Heap } from './heap.ts';
import { createTensor, KeptInputs, tensorAlignment, writeElements } from './kept-inputs.ts';
import type { ModelSession } from './loader.ts';
import type { RuntimeInput, RuntimeTensor } from './runtime-tensor.ts';
import { stringElement } from './string-elements.ts';

/** A model's input or output as the runtime knows it. */
export interface ValueInfo {
  readonly name: string;
  /** ONNX element type; 0 for a value that is not a tensor (sequence, map, optional). */
  readonly elementType: number;
  /** A symbolic dimension is given by its name, '' if it has none. */
  readonly shape: readonly (number | string)[];
}

export interface SessionOptions {
  readonly format: 'ort' | 'onnx';
  readonly profile: 'fast' | 'lean';
  readonly graphOptimization: 'disabled' | 'basic' | 'extended' | 'all';
}

/** Where a model's bytes lie in the heap. */
export interface HeapBlock {
  readonly pointer: number;
  readonly bytes: number;
}

const graphOptimizationLevels = { disabled: 0, basic: 1, extended: 2, all: 99 };
const sequential = 0;
const logNothingButFatal = 4;
const wordBytes = 4;
/** ORT describes a tensor in so many words: its type, where its elements and its dimensions lie, its rank. */
const describedWords = 4;

export class Session implements ModelSession {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly heap: Heap;
  readonly #handle: number;
  /** Model bytes that the session's weights point into. They are freed after the session. */
  readonly #model: HeapBlock | null;
  readonly #names: ReadonlyMap<string, number>;
  readonly #inputs: KeptInputs;
  #table = 0;

  private constructor(heap: Heap, handle: number, model: HeapBlock | null, values: NamedValues) {
    this.heap = heap;
    this.#handle = handle;
    this.#model = model;
    this.inputs = values.inputs;
    this.outputs = values.outputs;
    this.#names = values.names;
    this.#inputs = new KeptInputs(heap);
  }

  /**
   * Makes a session from model bytes that lie in the heap, and takes the bytes over: they are freed with the session, or at once if
   * the session does not need them or cannot be made.
   *
   * In ORT format the weights are used where they lie, so a session takes the model's size plus what its graph needs.
   * `lean` adds nothing to that; `fast` lets kernels keep a second, rearranged copy of the weights.
   * @throws {OrtError} when the runtime refuses the model
   * @throws {HeapFullError} when it does not fit into the heap
   * @throws {HeapBrokenError} when it breaks the heap
   * @see https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_session_options_config_keys.h
   */
  static create(heap: Heap, model: HeapBlock, options: SessionOptions): Session {
    let keep = false;
    let handle = 0;
    try {
      handle = createHandle(heap, model, options);
      const values = readValues(heap, handle);
      keep = options.format === 'ort';
      return new Session(heap, handle, keep ? model : null, values);
    } catch (error) {
      keep = false;
      const made = handle;
      if (made !== 0) heap.release((ort) => ort._OrtReleaseSession(made));
      throw error;
    } finally {
      if (!keep) heap.free(model.pointer);
    }
  }

  run<T>(inputs: readonly RuntimeInput[], outputNames: readonly string[], read: (outputs: RuntimeTensor[]) => T): T {
    const { heap } = this;
    const allocated: number[] = [];
    const tensors: number[] = [];
    try {
      // Allocating may grow the memory, so that comes before anything is written down.
      const table = this.#tableFor(inputs.length + outputNames.length, allocated);
      const inputTensorsAt = table + inputs.length * wordBytes;
      const outputNamesAt = inputTensorsAt + inputs.length * wordBytes;
      const outputTensorsAt = outputNamesAt + outputNames.length * wordBytes;
      for (let index = 0; index < inputs.length; index++) {
        const input = inputs[index];
        if (input === undefined) continue;
        const tensor = this.#inputs.place(input) ?? ownTensor(heap, input, allocated, tensors);
        const name = this.#names.get(input.name) ?? this.#nameOfDefault(input.name, allocated);
        heap.setWord(table + index * wordBytes, name);
        heap.setWord(inputTensorsAt + index * wordBytes, tensor);
      }
      // An empty place for an output has ORT make it.
      for (let index = 0; index < outputNames.length; index++) {
        heap.setWord(outputNamesAt + index * wordBytes, this.#nameAt(outputNames[index] ?? ''));
        heap.setWord(outputTensorsAt + index * wordBytes, 0);
      }
      heap.call('run the model', (ort) =>
        ort._OrtRun(
          this.#handle,
          table,
          inputTensorsAt,
          inputs.length,
          outputNamesAt,
          outputNames.length,
          outputTensorsAt,
          0,
        ),
      );
      const first = tensors.length;
      for (let index = 0; index < outputNames.length; index++) {
        tensors.push(heap.word(outputTensorsAt + index * wordBytes));
      }
      // Reading a description may grow the memory, which detaches every view of it: the views are made last.
      const places: OutputPlace[] = [];
      for (let index = first; index < tensors.length; index++) {
        places.push(locateTensor(heap, tensors[index] ?? 0, table, allocated));
      }
      return read(places.map((place) => viewOutput(heap, place)));
    } finally {
      for (const tensor of tensors) if (tensor !== 0) heap.release((ort) => ort._OrtReleaseTensor(tensor));
      for (const pointer of allocated) heap.free(pointer);
    }
  }

  release(): void {
    this.#inputs.release();
    if (this.#table !== 0) this.heap.free(this.#table);
    this.heap.release((ort) => ort._OrtReleaseSession(this.#handle));
    for (const pointer of this.#names.values()) this.heap.release((ort) => ort._OrtFree(pointer));
    if (this.#model) this.heap.free(this.#model.pointer);
  }

  /**
   * The table of a run: input names, input tensors, output names, output tensors; {@link locateTensor} uses its place afterwards. It is
   * kept for the next run, unless there are more values than the model declares.
   */
  #tableFor(values: number, allocated: number[]): number {
    const wanted = Math.max(2 * values, describedWords);
    const declared = Math.max(2 * (this.inputs.length + this.outputs.length), describedWords);
    if (wanted <= declared) {
      if (this.#table === 0) this.#table = this.heap.allocate(declared * wordBytes);
      return this.#table;
    }
    const table = this.heap.allocate(wanted * wordBytes);
    allocated.push(table);
    return table;
  }

  /** The runtime lists no input that has a default, but takes one. It refuses a name that the model does not have. */
  #nameOfDefault(name: string, allocated: number[]): number {
    const pointer = this.heap.allocateText(name);
    allocated.push(pointer);
    return pointer;
  }

  #nameAt(name: string): number {
    const pointer = this.#names.get(name);
    if (pointer === undefined) throw new Error(`the model has no output '${name}'`);
    return pointer;
  }
}

interface NamedValues {
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
  /** Where ORT keeps each name. */
  readonly names: Map<string, number>;
}

function createHandle(heap: Heap, model: HeapBlock, options: SessionOptions): number {
  const inPlace = options.format === 'ort';
  const config: [string, string][] = inPlace
    ? [
        ['session.load_model_format', 'ORT'],
        ['session.use_ort_model_bytes_directly', '1'],
        ['session.use_ort_model_bytes_for_initializers', '1'],
      ]
    : [['session.load_model_format', 'ONNX']];
  if (options.profile === 'lean') config.push(['session.disable_prepacking', '1']);
  const settings = heap.handle('make session options', (ort) =>
    ort._OrtCreateSessionOptions(
      graphOptimizationLevels[options.graphOptimization],
      // An arena would keep the memory of a run for the next one; here the other models need it.
      false,
      // A memory pattern would make ORT allocate the weights a second time.
      false,
      sequential,
      false,
      0,
      0,
      logNothingButFatal,
      0,
      0,
    ),
  );
  try {
    for (const [key, value] of config) {
      const keyText = heap.allocateText(key);
      const valueText = heap.allocateText(value);
      heap.call(`set ${key}`, (ort) => ort._OrtAddSessionConfigEntry(settings, keyText, valueText));
      heap.free(keyText);
      heap.free(valueText);
    }
    return heap.handle('load the model', (ort) => ort._OrtCreateSession(model.pointer, model.bytes, settings));
  } finally {
    heap.release((ort) => ort._OrtReleaseSessionOptions(settings));
  }
}

function readValues(heap: Heap, session: number): NamedValues {
  const [inputCount = 0, outputCount = 0] = heap.readWords(2, (places) =>
    heap.call('count inputs and outputs', (ort) => ort._OrtGetInputOutputCount(session, places, places + 4)),
  );
  const names = new Map<string, number>();
  const values: ValueInfo[] = [];
  for (let index = 0; index < inputCount + outputCount; index++) {
    const [namePointer = 0, metadata = 0] = heap.readWords(2, (places) =>
      heap.call('describe inputs and outputs', (ort) =>
        ort._OrtGetInputOutputMetadata(session, index, places, places + 4),
      ),
    );
    const name = heap.text(namePointer);
    names.set(name, namePointer);
    values.push({ name, ...readType(heap, metadata) });
    heap.release((ort) => ort._OrtFree(metadata));
  }
  return { inputs: values.slice(0, inputCount), outputs: values.slice(inputCount), names };
}

/** Layout: element type, rank, then a name pointer per dimension (0: none), then a size per dimension. */
function readType(heap: Heap, metadata: number): Pick<ValueInfo, 'elementType' | 'shape'> {
  const elementType = elementTypeOfAnswer(heap.words(metadata, 1)[0] ?? 0);
  if (elementType === 0) return { elementType, shape: [] };
  const rank = heap.words(metadata, 2)[1] ?? 0;
  const dimensions = heap.words(metadata + 8, 2 * rank).slice();
  const shape = Array.from({ length: rank }, (_, axis) => {
    const symbol = dimensions[axis] ?? 0;
    if (symbol !== 0) return heap.text(symbol);
    const size = (dimensions[rank + axis] ?? 0) | 0;
    return size < 0 ? '' : size;
  });
  return { elementType, shape };
}

/** A tensor of one run alone. */
function ownTensor(heap: Heap, input: RuntimeInput, allocated: number[], tensors: number[]): number {
  const { elementType, shape, data } = input;
  const [pointer, bytes] = isStrings(data) ? placeStrings(heap, data, allocated) : placeElements(heap, data, allocated);
  const tensor = createTensor(heap, { elementType, shape }, pointer, bytes);
  tensors.push(tensor);
  placeNuls(heap, tensor, input);
  return tensor;
}

/** Puts back the NUL bytes that {@link placeStrings} replaced. */
function placeNuls(heap: Heap, value: number, { data }: RuntimeInput): void {
  if (!isStrings(data)) return;
  data.forEach((string, index) => {
    if (string.includes(0)) stringElement(heap, value, index, withoutNuls(string)).set(string);
  });
}

function withoutNuls(string: Uint8Array): Uint8Array {
  return string.map((byte) => byte || 1);
}

function placeElements(
  heap: Heap,
  data: Uint8Array | ElementWriter,
  allocated: number[],
): [pointer: number, bytes: number] {
  const { byteLength } = data;
  const block = heap.allocate(byteLength + tensorAlignment);
  allocated.push(block);
  const pointer = Math.ceil(block / tensorAlignment) * tensorAlignment;
  writeElements(heap, data, pointer);
  return [pointer, byteLength];
}

/** An array of pointers to NUL-terminated strings, which ORT copies. A NUL within a string is replaced by another byte for now. */
function placeStrings(
  heap: Heap,
  strings: readonly Uint8Array[],
  allocated: number[],
): [pointer: number, bytes: number] {
  const tableBytes = strings.length * 4;
  const total = strings.reduce((sum, string) => sum + string.length + 1, tableBytes);
  const block = heap.allocate(total);
  allocated.push(block);
  const target = heap.bytes(block, total);
  const table = heap.words(block, strings.length);
  let offset = tableBytes;
  strings.forEach((string, index) => {
    table[index] = block + offset;
    target.set(string.includes(0) ? withoutNuls(string) : string, offset);
    target[offset + string.length] = 0;
    offset += string.length + 1;
  });
  return [block, tableBytes];
}

/** An output as the runtime describes it; nothing of it is a view yet. */
interface OutputPlace {
  readonly elementType: number;
  readonly shape: readonly number[];
  readonly pointer: number;
  /** Strings are copied out at once. */
  readonly strings: readonly Uint8Array[] | null;
}

/** @param places of {@link describedWords} words, free to be written to */
function locateTensor(heap: Heap, tensor: number, places: number, allocated: number[]): OutputPlace {
  for (let index = 0; index < describedWords; index++) heap.setWord(places + index * wordBytes, 0);
  heap.call('read an output', (ort) => ort._OrtGetTensorData(tensor, places, places + 4, places + 8, places + 12));
  const elementType = elementTypeOfAnswer(heap.word(places));
  const pointer = heap.word(places + 4);
  const dimensions = heap.word(places + 8);
  const rank = heap.word(places + 12);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) shape.push(heap.word(dimensions + axis * wordBytes));
  heap.release((ort) => ort._OrtFree(dimensions));
  if (elementType !== stringElementType) return { elementType, shape, pointer, strings: null };
  // Strings come in a block of their own: a pointer per element, then the strings end to end, then one NUL.
  allocated.push(pointer);
  const starts = heap.words(pointer, elementCount(shape)).slice();
  const strings = Array.from(starts, (start, index) => {
    const next = starts[index + 1];
    return next === undefined ? lastString(heap, tensor, index, start) : heap.bytes(start, next - start).slice();
  });
  return { elementType, shape, pointer, strings };
}

function viewOutput(heap: Heap, { elementType, shape, pointer, strings }: OutputPlace): RuntimeTensor {
  if (strings !== null) return { elementType, shape, data: strings };
  return { elementType, shape, data: heap.bytes(pointer, elementTypeBytes(elementType, elementCount(shape))) };
}

/** The last string's end is not given; it is found from the original that ORT holds. */
function lastString(heap: Heap, tensor: number, index: number, start: number): Uint8Array {
  const upToNul = heap.cString(start);
  return stringElement(heap, tensor, index, upToNul).slice();
}

function isStrings(data: RuntimeInput['data']): data is readonly Uint8Array[] {
  return Array.isArray(data);
}
