// Lets some dimensions of the inputs grow together, run by run, as far as time and memory reach. Each step goes where the fit over the
// runs before it says that there is room, so the last one verifies the largest size that is allowed.
import { elementCount } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { type CostPoint, fitCost, largestPassing } from './cost-fit.ts';
import { fitsRequest, inputsOf } from './sized-inputs.ts';
import { type Failure, faster, type Trial, type TrialRuns } from './trial-runs.ts';

/** The obstacle that keeps a dimension from growing. A model that refuses a size guards itself. */
export type Obstacle = 'memory' | 'time' | 'request' | 'records' | 'untried' | 'refused';

/** How inputs grow: their shapes where the moved dimensions are so many times as large as at the start. */
export interface Course {
  readonly inputs: readonly Tensor[];
  readonly shapesAt: (factor: number) => readonly (readonly number[])[];
  /** From here on nothing grows any more, and why: null if the publisher decided so. */
  readonly most: { readonly factor: number; readonly obstacle: Obstacle | null };
  /** Inputs that are as large as others that have been run already: the fit is enough for shapes within this. */
  readonly isWithin?: (shapes: readonly (readonly number[])[]) => boolean;
}

export interface Step {
  readonly factor: number;
  readonly elements: number;
  readonly trial: Trial;
}

export interface Growth {
  /** The largest factor that ran. */
  readonly reached: number;
  /** The largest that the fit allows. It is beyond `reached` if the next size is not worth a run, or could not be run. */
  readonly allowed: number;
  /** Null where everything grew as far as was wanted. */
  readonly obstacle: Obstacle | null;
  /** Runs within the limits, smallest first. */
  readonly steps: readonly Step[];
}

/** Shares of the limits that the fit may use up to; a half of them where no run verifies the size. */
const timeMargin = 0.6;
const memoryMargin = 0.95;
const unverified = 0.5;
/** Inputs of a size that has run in another shape need no run: the fit decides once a run is long enough to be precise. */
const reshaped = 0.75;
const preciseShare = 1 / 20;
/** A step is worth a run if the inputs become larger by this. */
const worthwhile = 1.35;
const mostStep = 8;
const unknownSlope = 1.5;
/** A run is doubtful if the time grew with more than this power. */
const steep = 1.2;
/** Runs that went too far. */
const mostFailures = 3;

/** @param start what the inputs took at factor 1 */
export async function grow(runs: TrialRuns, start: Trial, course: Course): Promise<Growth> {
  const growing = new Growing(runs, start, course);
  for (;;) {
    const next = growing.next();
    if (typeof next !== 'number') return next;
    growing.tell(next, await runs.try(inputsOf(course.inputs, course.shapesAt(next))));
  }
}

class Growing {
  readonly #runs: TrialRuns;
  readonly #elementsAt: (factor: number) => number;
  readonly #isReshaped: boolean;
  readonly #end: { readonly factor: number; readonly obstacle: Obstacle | null };
  readonly #steps: Step[];
  readonly #tooLong: CostPoint[] = [];
  #refusedAt = Number.POSITIVE_INFINITY;
  #failure: { readonly factor: number; readonly obstacle: 'time' | 'memory'; readonly isMeasured: boolean } | null =
    null;
  #failures = 0;
  /** The factor of the last run that was repeated. */
  #repeated = 0;

  constructor(runs: TrialRuns, start: Trial, course: Course) {
    this.#runs = runs;
    this.#elementsAt = countMoved(course);
    this.#isReshaped = course.isWithin !== undefined;
    this.#end = endOf(course);
    this.#steps = [{ factor: 1, elements: this.#elementsAt(1), trial: start }];
  }

  /** @returns the factor to try next, or the result */
  next(): number | Growth {
    const { factor: from, elements } = this.#last;
    const failedAt = this.#failure?.factor ?? Number.POSITIVE_INFINITY;
    const top = Math.max(from, Math.min(this.#end.factor, this.#refusedAt - 1, failedAt - 1));
    const { factor: target, lack } = this.#allowed(1, top);
    const round = 2 ** Math.floor(Math.log2(target));
    const isLarger = this.#elementsAt(target) >= worthwhile * elements;
    const isEnd = target === this.#end.factor && !this.#isReshaped;
    const isWorthwhile = Number.isFinite(this.#refusedAt) ? round > from : target > from && (isLarger || isEnd);
    if (isWorthwhile && this.#failures < mostFailures) {
      const isPrecise = this.#last.trial.ms > preciseShare * this.#runs.limits.runMs && this.#steps.length > 2;
      if (this.#isReshaped && isPrecise) return this.#estimate(top);
      if (this.#runs.isSpent && this.#failure !== null) return this.#result(from, this.#failure.obstacle);
      if (this.#runs.isSpent) return this.#result(this.#allowed(unverified, top).factor, 'untried');
      return this.#step(Number.isFinite(this.#refusedAt) ? round : target);
    }
    const isTime = lack === 'time' || (lack === null && this.#failure?.obstacle === 'time');
    if (isTime && this.#isDoubtful && from > this.#repeated) return this.#repeat();
    if (lack !== null) return this.#result(from, lack);
    if (this.#refusedAt <= failedAt && this.#refusedAt <= this.#end.factor) return this.#result(target, 'refused');
    if (this.#failure !== null && failedAt <= this.#end.factor) return this.#result(from, this.#failure.obstacle);
    return this.#result(this.#end.factor, this.#end.obstacle);
  }

  #estimate(top: number): Growth {
    const { factor, lack } = this.#allowed(reshaped, top);
    return this.#result(factor, lack ?? this.#end.obstacle);
  }

  /** Whether the last run may have taken longer than it should: it had to wait, and costs more for its size than the one before. */
  get #isDoubtful(): boolean {
    return this.#last.trial.hasWaited && slopeOf(this.#steps) > steep;
  }

  /** The last run once more, before it decides. */
  #repeat(): number {
    this.#repeated = this.#last.factor;
    return this.#last.factor;
  }

  tell(factor: number, outcome: Trial | Failure): void {
    const elements = this.#elementsAt(factor);
    if (outcome === 'refused') {
      this.#refusedAt = factor;
      return;
    }
    const obstacle = typeof outcome === 'string' ? outcome : this.#runs.excess(outcome);
    if (obstacle === null && typeof outcome !== 'string') {
      const again = factor === this.#last.factor ? this.#steps.pop() : undefined;
      this.#steps.push({ factor, elements, trial: again === undefined ? outcome : faster(again.trial, outcome) });
      return;
    }
    // A run that came off once is not taken back.
    if (obstacle === null || factor === this.#last.factor) return;
    this.#failures += 1;
    this.#failure = { factor, obstacle, isMeasured: typeof outcome !== 'string' };
    if (typeof outcome !== 'string' && obstacle === 'time') this.#tooLong.push({ elements, cost: outcome.ms });
  }

  get #last(): Step {
    const last = this.#steps.at(-1);
    if (last === undefined) throw new Error('a growth starts with a run');
    return last;
  }

  /** The largest factor that the fit keeps within a share of the limits, and what the next one would lack. */
  #allowed(share: number, top: number): { factor: number; lack: 'time' | 'memory' | null } {
    const lacks = forecast(this.#runs, this.#steps, this.#tooLong, share);
    const from = this.#last.factor;
    const factor = largestPassing(from, top, (each) => lacks(this.#elementsAt(each)) === null);
    return { factor, lack: factor < top ? lacks(this.#elementsAt(factor + 1)) : null };
  }

  #result(allowed: number, obstacle: Obstacle | null): Growth {
    const reached = this.#last.factor;
    return { reached, allowed: Math.max(allowed, reached), obstacle, steps: this.#steps };
  }

  /** Not all the way to the target at once, since the fit knows little of sizes that are much larger. */
  #step(target: number): number {
    const { factor: from, elements } = this.#last;
    const below = (most: number) => largestPassing(from, target, (factor) => this.#elementsAt(factor) <= most);
    const longest = elements * longestStep(this.#steps, this.#runs.limits.runMs);
    const isFar = this.#elementsAt(target) > longest;
    const factor = isFar ? doubled(from, Math.min(target, Math.max(below(longest), from + 1))) : target;
    if (this.#failure === null || this.#failure.isMeasured) return factor;
    // A run that came to nothing tells the fit nothing: halfway in proportion.
    return Math.min(factor, Math.max(from + 1, below(Math.sqrt(elements * this.#elementsAt(this.#failure.factor)))));
  }
}

/** Elements of the inputs that grow. */
function countMoved({ shapesAt }: Course): (factor: number) => number {
  const start = shapesAt(1);
  const moved = shapesAt(2).map((shape, index) => elementCount(shape) !== elementCount(start[index] ?? []));
  return (factor) =>
    shapesAt(factor).reduce((sum, shape, index) => sum + (moved[index] === false ? 0 : elementCount(shape)), 0);
}

/** No number of elements is beyond this. */
const beyondAll = 2 ** 31;

/** How far the inputs may grow, whatever a run takes. */
function endOf({ inputs, shapesAt, most, isWithin }: Course): { factor: number; obstacle: Obstacle | null } {
  const wanted = Math.min(most.factor, beyondAll);
  const near = largestPassing(1, wanted, (factor) => isWithin?.(shapesAt(factor)) ?? true);
  const sent = largestPassing(1, near, (factor) => fitsRequest(inputs, shapesAt(factor)));
  if (sent < near) return { factor: sent, obstacle: 'request' };
  return { factor: near, obstacle: near === most.factor ? most.obstacle : null };
}

/** The resource of which a run on so many elements is expected to take too much. */
function forecast(
  runs: TrialRuns,
  steps: readonly Step[],
  tooLong: readonly CostPoint[],
  share: number,
): (elements: number) => 'time' | 'memory' | null {
  const point = (cost: (trial: Trial) => number) => (step: Step) => ({
    elements: step.elements,
    cost: Math.max(cost(step.trial), Number.MIN_VALUE),
  });
  const [first] = steps;
  const grown = steps.filter(({ trial }) => trial.hasGrown).map(point(({ heapBytes }) => heapBytes));
  const idle = first === undefined ? [] : [point(({ usedBytes }) => usedBytes)(first)];
  const ms = fitCost([...settled(steps.map(point((trial) => trial.ms))), ...tooLong]);
  const heap = fitCost([...idle, ...grown]);
  const carried = fitCost(steps.map(point(({ carriedBytes }) => carriedBytes)));
  const { heapBytes, totalBytes } = runs.room;
  return (elements) => {
    if (ms(elements) > timeMargin * share * runs.limits.runMs) return 'time';
    const expected = heap(elements);
    const isTight = expected > memoryMargin * share * heapBytes && grown.length > 0;
    return isTight || expected + carried(elements) > memoryMargin * share * totalBytes ? 'memory' : null;
  };
}

/** No run costs more than a larger one: one that seems to do so ran code that was not optimised yet. */
function settled(points: readonly CostPoint[]): CostPoint[] {
  let least = Number.POSITIVE_INFINITY;
  return points.toReversed().map(({ elements, cost }) => {
    least = Math.min(least, cost);
    return { elements, cost: least };
  });
}

/** How many times larger the next run may be, so that it stays near the limit even if the cost grows more steeply from here on. */
function longestStep(steps: readonly Step[], limitMs: number): number {
  const ms = Math.max(steps.at(-1)?.trial.ms ?? 0, 1);
  const steepest = Math.max(1, Math.min(slopeOf(steps), 3.5)) + 0.5;
  return Math.max(worthwhile, Math.min(mostStep, ((1.5 * limitMs) / ms) ** (1 / steepest)));
}

/** The power of the number of elements that the time grew with in the last step. */
function slopeOf(steps: readonly Step[]): number {
  const [before, now] = steps.slice(-2);
  if (before === undefined || now === undefined || before.trial.ms <= 0) return unknownSlope;
  return Math.log(now.trial.ms / before.trial.ms) / Math.log(now.elements / before.elements);
}

/** Models often want multiples: the start doubled as often as it fits, or the given factor if that is less than twice the start. */
function doubled(from: number, factor: number): number {
  const times = Math.floor(Math.log2(factor / from));
  return times < 1 ? factor : from * 2 ** times;
}
