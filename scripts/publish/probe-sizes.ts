// How large may the inputs be? Their variable dimensions are doubled in the inspection Worker until a run is refused, finds no
// memory or takes too long. There a run that never ends can be killed; in an isolate that serves it cannot.
import { defaultLimits } from '../../registry/default-limits.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { elementBytes, elementCount } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { InspectionError } from '../inspect/inspector.ts';
import { isSizeOverflow } from '../inspect/refusal.ts';
import type { WasmModel } from '../inspect/wasm-model.ts';
import type { SizePlan, VariableDimension } from './sample-sizes.ts';

/** What keeps a dimension from growing; a model that refuses a size guards itself, and is no obstacle. */
export type Obstacle = 'memory' | 'time' | 'request' | 'untried';

export interface SeenInput {
  /** Greatest size of each axis in any run. */
  readonly shape: readonly number[];
  /** Greatest number of elements in one run. */
  readonly elements: number;
}

export interface ProbedSizes {
  /** By input name. */
  readonly seen: ReadonlyMap<string, SeenInput>;
  /** By key of the dimension: what it met alone or together with others. */
  readonly obstacles: ReadonlyMap<string, Obstacle>;
}

export interface ProbeLimits {
  /** A run that takes longer is too long. */
  readonly runMs: number;
  /** Of the heap. */
  readonly memoryBudgetMib: number;
}

/** Beside the heap an isolate has this for a request and its answer: 122 MiB in all, about 6 of them for code. */
const isolateMib = 116;
/** All runs of one model together, in runs of the greatest length. */
const totalRuns = 2.5;
/** What a request to the inspection Worker takes beside the run. */
const transferMs = 1000;
/** Dimensions of one role are tried one by one as well, unless there are more. */
const mostAlone = 6;

/** The part of a loaded model that is needed here. */
export type MeasuredModel = Pick<WasmModel, 'measure'>;

/** What is known without trying: the samples ran. */
export function sizesOfSamples(samples: readonly { readonly inputs: readonly Tensor[] }[]): Map<string, SeenInput> {
  const seen = new Map<string, SeenInput>();
  for (const { inputs } of samples) note(seen, inputs);
  return seen;
}

/**
 * Doubles all dimensions in step, then those of one role, then each alone, as far as that tells more.
 * @param samples inputs that the model is known to run on; their values are repeated in larger ones
 * @param most size of each dimension that is not to be exceeded
 */
export async function probeSizes(
  model: MeasuredModel,
  samples: readonly { readonly inputs: readonly Tensor[] }[],
  dimensions: readonly VariableDimension[],
  most: SizePlan,
  limits: ProbeLimits,
): Promise<ProbedSizes> {
  const [sample] = samples;
  const seen = sizesOfSamples(samples);
  const obstacles = new Map<string, Obstacle>();
  if (!sample || dimensions.length === 0) return { seen, obstacles };
  const probe = new Probe(model, sample.inputs, most, limits, seen);
  const visit = async (moved: readonly VariableDimension[]): Promise<boolean> => {
    const end = await probe.grow(moved);
    if (end !== 'reached' && end !== 'refused') for (const { key } of moved) obstacles.set(key, end);
    return end === 'reached';
  };
  if (await visit(dimensions)) return { seen, obstacles };
  const roles = [...new Set(dimensions.map(({ role }) => role))].map((role) =>
    dimensions.filter((dimension) => dimension.role === role),
  );
  for (const role of roles) {
    if (roles.length > 1 && (await visit(role))) continue;
    if (role.length > 1 && role.length <= mostAlone) for (const dimension of role) await visit([dimension]);
  }
  return { seen, obstacles };
}

type Outcome = { readonly ms: number } | 'refused' | Obstacle;

class Probe {
  readonly #model: MeasuredModel;
  readonly #inputs: readonly Tensor[];
  readonly #most: SizePlan;
  readonly #limits: ProbeLimits;
  readonly #seen: Map<string, SeenInput>;
  readonly #until: number;
  #baseMs: number | null = null;

  constructor(
    model: MeasuredModel,
    inputs: readonly Tensor[],
    most: SizePlan,
    limits: ProbeLimits,
    seen: Map<string, SeenInput>,
  ) {
    this.#model = model;
    this.#inputs = inputs;
    this.#most = most;
    this.#limits = limits;
    this.#seen = seen;
    this.#until = performance.now() + totalRuns * limits.runMs;
  }

  /** @returns `reached` when the dimensions have grown to what is wanted at most */
  async grow(moved: readonly VariableDimension[]): Promise<'reached' | 'refused' | Obstacle> {
    if (this.#baseMs === null) {
      const base = await this.#try(this.#inputs);
      if (typeof base === 'string') return base;
      this.#baseMs = base.ms;
    }
    let shapes = this.#inputs.map(({ shape }) => shape);
    let ms = this.#baseMs;
    // Twice the size takes twice as long at least, and as much more again as the last doubling took.
    let growth = 2;
    for (let factor = 2; ; factor *= 2) {
      const larger = this.#scaled(moved, factor);
      if (larger.every((shape, index) => elementCount(shape) === elementCount(shapes[index] ?? []))) return 'reached';
      if (this.#isTooLargeToSend(larger)) return 'request';
      if (ms * growth > this.#limits.runMs) return 'time';
      if (performance.now() + ms * growth > this.#until) return 'untried';
      const outcome = await this.#try(
        this.#inputs.map((input, index) => repeated(input, larger[index] ?? input.shape)),
      );
      if (typeof outcome === 'string') return outcome;
      growth = Math.max(2, outcome.ms / Math.max(ms, 10));
      ms = outcome.ms;
      shapes = larger;
    }
  }

  async #try(inputs: readonly Tensor[]): Promise<Outcome> {
    const { runMs: mostMs, memoryBudgetMib } = this.#limits;
    try {
      const { runMs, heap, outputBytes } = await this.#model.measure(inputs, mostMs + transferMs);
      if (runMs > mostMs) return 'time';
      const room = Math.max(isolateMib, memoryBudgetMib) * mebibyte - heap.bytes;
      const requestBytes = inputs.reduce((sum, { data }) => sum + byteLength(data), 0);
      if (requestBytes + outputBytes > room) return 'memory';
      note(this.#seen, inputs);
      return { ms: runMs };
    } catch (error) {
      if (!(error instanceof InspectionError)) throw error;
      if (error.kind === 'timeout') return 'time';
      return error.kind === 'refused' && !isSizeOverflow(error.message) ? 'refused' : 'memory';
    }
  }

  /** Shapes of the inputs with some dimensions so many times as large as in the sample, up to the most that is wanted. */
  #scaled(moved: readonly VariableDimension[], factor: number): number[][] {
    return this.#inputs.map(({ name, shape }) =>
      shape.map((size, axis) => {
        const dimension = moved.find(({ places }) =>
          places.some((place) => place.input === name && place.axis === axis),
        );
        if (!dimension) return size;
        return Math.min(Math.max(size, 1) * factor, Math.max(this.#most.get(dimension.key) ?? size, size));
      }),
    );
  }

  #isTooLargeToSend(shapes: readonly (readonly number[])[]): boolean {
    const counts = shapes.map((shape) => elementCount(shape));
    const bytes = counts.reduce((sum, count, index) => sum + count * bytesOfElement(this.#inputs[index]), 0);
    return (
      bytes > defaultLimits.bodyMib * mebibyte || counts.reduce((sum, count) => sum + count, 0) > defaultLimits.elements
    );
  }
}

function note(seen: Map<string, SeenInput>, inputs: readonly Tensor[]): void {
  for (const { name, shape } of inputs) {
    const before = seen.get(name);
    seen.set(name, {
      shape: shape.map((size, axis) => Math.max(size, before?.shape[axis] ?? 0)),
      elements: Math.max(elementCount(shape), before?.elements ?? 0),
    });
  }
}

/** A string takes an object and a pointer beside its bytes, here as in the isolate. */
const stringBytes = 32;

function bytesOfElement(input: Tensor | undefined): number {
  if (!input) return 0;
  if (input.datatype !== 'BYTES') return elementBytes[input.datatype];
  return stringBytes + byteLength(input.data) / Math.max(1, input.data.length);
}

function byteLength(data: Tensor['data']): number {
  return data instanceof Uint8Array ? data.length : data.reduce((sum, string) => sum + string.length, 0);
}

/** The same values over and over: what a model takes once, indices and categories too, it takes again. */
function repeated(input: Tensor, shape: readonly number[]): Tensor {
  const { datatype, data } = input;
  const count = elementCount(shape);
  if (!(data instanceof Uint8Array)) {
    const none = new Uint8Array();
    return { ...input, shape, data: Array.from({ length: count }, (_, index) => data[index % data.length] ?? none) };
  }
  const whole = new Uint8Array(count * elementBytes[datatype]);
  if (data.length === 0) return { ...input, shape, data: whole };
  whole.set(data.subarray(0, whole.length));
  for (let filled = data.length; filled < whole.length; filled *= 2) whole.copyWithin(filled, 0, filled);
  return { ...input, shape, data: whole };
}
