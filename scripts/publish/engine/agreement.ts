// Whether LiteRT says the same as onnxruntime: numbers within a tolerance, and the same class.
import type { Manifest } from '../../../registry/manifest.ts';
import type { Tolerance } from '../../../worker/protocol/compare-elements.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { compareAnswers } from '../../inspect/compare.ts';
import { floatsOf } from './random-inputs.ts';

/** Integers may be so many steps apart: both runtimes round between layers, and not alike. */
const stepsApart = 2;
/** One row of a thousand may have scores so even that their last bits decide the class. */
const mostTies = 0.001;

type OutputTolerances = NonNullable<NonNullable<Manifest['runtime']['litert']>['tolerance']>;

/**
 * The absolute tolerance of the outputs of a quantised model, where the version's own is finer than that: two steps of the last integers.
 * @param steps of the outputs, as the conversion tells them
 */
export function steppedTolerances(steps: Readonly<Record<string, number>>, { absolute }: Tolerance): OutputTolerances {
  const stepped = Object.entries(steps).map(([output, step]) => [output, stepsApart * step] as const);
  return Object.fromEntries(stepped.filter(([, allowed]) => allowed > absolute));
}

/** Counts over many answers. */
export class Agreement {
  readonly #tolerance: (output: string) => Tolerance;
  readonly #classes: ReadonlySet<string>;
  #rows = 0;
  #otherClasses = 0;

  /** @param classes outputs whose largest value in the last dimension is a class */
  constructor(tolerance: (output: string) => Tolerance, classes: ReadonlySet<string>) {
    this.#tolerance = tolerance;
    this.#classes = classes;
  }

  /** @returns what differs beyond the tolerance; null where nothing does */
  add(expected: readonly Tensor[], actual: readonly Tensor[]): string | null {
    const difference = compareAnswers(expected, actual, this.#tolerance);
    if (difference !== null) return difference;
    for (const output of expected) {
      const other = actual.find(({ name }) => name === output.name);
      if (this.#classes.has(output.name) && other !== undefined) this.#addClasses(output, other);
    }
    return null;
  }

  /** @returns in how many rows the class differs, where those are too many */
  get otherClasses(): string | null {
    if (this.#otherClasses <= this.#rows * mostTies) return null;
    return `other classes in ${this.#otherClasses} of ${this.#rows} rows`;
  }

  #addClasses(expected: Tensor, actual: Tensor): void {
    const [wanted, got] = [floatsOf(expected), floatsOf(actual)];
    const size = expected.shape.at(-1) ?? 1;
    if (size < 2) return;
    for (let start = 0; start < wanted.length; start += size) {
      const scores = wanted.subarray(start, start + size);
      const chosen = scores[placeOfLargest(got.subarray(start, start + size))] ?? Number.NaN;
      this.#rows++;
      // Of several classes with the same score any may be chosen.
      if (!scores.every((score) => !(score > chosen))) this.#otherClasses++;
    }
  }
}

function placeOfLargest(scores: Float32Array): number {
  let place = 0;
  for (let index = 1; index < scores.length; index++) {
    if ((scores[index] ?? Number.NaN) > (scores[place] ?? Number.NaN)) place = index;
  }
  return place;
}
