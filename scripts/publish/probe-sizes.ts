// How large may the inputs be? The dimensions that a request chooses grow in trial runs: first those beside the batch, at a batch of
// one, then the batch, then each by itself beside small others.
import { defaultLimits } from '../../registry/default-limits.ts';
import { elementCount } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { largestPassing } from './cost-fit.ts';
import { boundingInputs, canGrow, type Group, groupDimensions } from './dimension-groups.ts';
import { type Course, type Growth, grow, type Obstacle } from './grow-size.ts';
import type { SizePlan, VariableDimension } from './sample-sizes.ts';
import { inputsOf, shapesWith, sizeIn } from './sized-inputs.ts';
import { type MeasuredModel, type Trial, type TrialLimits, TrialRuns } from './trial-runs.ts';

/** Runs in which some dimensions grew, smallest first. */
export interface CostSeries {
  /** Labels of the dimensions. */
  readonly moved: readonly string[];
  readonly points: readonly {
    /** Shape of the largest input. */
    readonly shape: readonly number[];
    readonly ms: number;
    readonly heapBytes: number;
  }[];
}

export interface ProbedSizes {
  /** By key of the dimension: its size where others are small. A dimension of which nothing is known is absent. */
  readonly alone: SizePlan;
  /** By key of the dimension: sizes that are possible at the same time. */
  readonly together: SizePlan;
  /** Inputs whose number of elements is limited to what is possible at the same time; the sizes of the others follow from theirs. */
  readonly bounding: ReadonlySet<string>;
  /** By key of the dimension: what keeps it from growing. */
  readonly obstacles: ReadonlyMap<string, Obstacle>;
  /** The clock by which the runs were timed. */
  readonly clock: 'processor' | 'wall';
  readonly series: readonly CostSeries[];
}

interface Start {
  readonly inputs: readonly Tensor[];
  readonly trial: Trial;
}

interface Grown {
  readonly course: Course;
  readonly growth: Growth;
}

/**
 * @param sample inputs that the model is known to run on; their values are repeated in larger ones
 * @param most sizes that the publisher allows, by key of the dimension; the others grow as far as they can
 */
export async function probeSizes(
  model: MeasuredModel,
  sample: readonly Tensor[],
  dimensions: readonly VariableDimension[],
  most: SizePlan,
  limits: TrialLimits,
): Promise<ProbedSizes> {
  const runs = new TrialRuns(model, limits);
  const start = await startOf(runs, sample, dimensions);
  if (typeof start === 'string') {
    const sizes = sizesIn(sample, dimensions);
    const obstacles = new Map(dimensions.map(({ key }) => [key, start]));
    return { alone: sizes, together: sizes, bounding: new Set(), obstacles, clock: runs.clock, series: [] };
  }
  return new Probe(runs, dimensions, most).run(start);
}

/** The sample at a batch of one if the model takes that, else as it is; or what even that takes too much of. */
async function startOf(
  runs: TrialRuns,
  sample: readonly Tensor[],
  dimensions: readonly VariableDimension[],
): Promise<Start | Obstacle> {
  const batches = dimensions.filter(({ role }) => role === 'batch');
  const ones = new Map(batches.map(({ key }) => [key, 1]));
  const isLarger = batches.some((dimension) => sizeIn(sample, dimension) > 1);
  const single = isLarger ? [inputsOf(sample, shapesWith(sample, dimensions, ones))] : [];
  let obstacle: Obstacle = 'refused';
  for (const inputs of [...single, sample]) {
    await runs.once(inputs);
    const trial = await runs.try(inputs);
    const fault = typeof trial === 'string' ? trial : runs.excess(trial);
    if (fault === null && typeof trial !== 'string') return { inputs, trial };
    if (fault !== null) obstacle = fault;
  }
  return obstacle;
}

class Probe {
  readonly #runs: TrialRuns;
  readonly #dimensions: readonly VariableDimension[];
  readonly #most: SizePlan;
  readonly #obstacles = new Map<string, Obstacle>();
  readonly #series: CostSeries[] = [];

  constructor(runs: TrialRuns, dimensions: readonly VariableDimension[], most: SizePlan) {
    this.#runs = runs;
    this.#dimensions = dimensions;
    this.#most = most;
  }

  async run(start: Start): Promise<ProbedSizes> {
    const free = this.#dimensions.filter((each) => canGrow(each, sizeIn(start.inputs, each), this.#most));
    const { groups, stuck } = await groupDimensions(free, async (moved) => {
      const { shapesAt } = this.#course(start.inputs, moved);
      return (await this.#runs.once(inputsOf(start.inputs, shapesAt(2)))) !== 'refused';
    });
    for (const { key } of stuck) this.#obstacles.set(key, 'refused');
    const { together, grown } = await this.#growTogether(start, groups);
    const names = start.inputs.map(({ name }) => name);
    // Groups that the model refuses to grow at the same time do not bound each other.
    const bounding = grown === null ? new Set<string>() : boundingInputs(names, groups);
    const isWithin = grown === null ? {} : { isWithin: this.#within(start, together, bounding) };
    const alone = await this.#growAlone(start, groups, grown ?? new Map(), isWithin);
    for (const { key } of stuck) alone.delete(key);
    const { clock } = this.#runs;
    return { alone, together, bounding, obstacles: this.#obstacles, clock, series: this.#series };
  }

  /**
   * First what is no batch, then the batch if the inputs could not become any larger.
   * @returns `grown`: how far the groups came that were alone in this; null where the model refuses to let them grow together
   */
  async #growTogether(
    start: Start,
    groups: readonly Group[],
  ): Promise<{ together: SizePlan; grown: Map<Group, Grown> | null }> {
    const sizes = sizesIn(start.inputs, this.#dimensions);
    // Sizes that ran, with their batch; and those that the fit allows, beside a batch of one.
    const [ran, allowed] = [new Map(sizes), new Map(sizes)];
    const grown = new Map<Group, Grown>();
    let { inputs, trial } = start;
    for (const isBatch of [false, true]) {
      const moved = groups.filter((group) => group.isBatch === isBatch);
      const dimensions = moved.flatMap((group) => group.dimensions);
      if (dimensions.length === 0) continue;
      const course = this.#course(inputs, dimensions);
      const growth = await this.#grow(dimensions, course, trial);
      const [only] = moved;
      if (moved.length === 1 && only !== undefined && inputs === start.inputs) grown.set(only, { course, growth });
      if (moved.length > 1 && isRefused(growth)) return { together: ran, grown: null };
      for (const [key, size] of sizesIn(inputsAt(course, growth.reached), dimensions)) ran.set(key, size);
      if (inputs === start.inputs) {
        for (const [key, size] of sizesIn(inputsAt(course, growth.allowed), dimensions)) allowed.set(key, size);
      }
      if (growth.obstacle !== null && growth.obstacle !== 'refused') break;
      inputs = inputsOf(start.inputs, course.shapesAt(growth.reached));
      trial = growth.steps.at(-1)?.trial ?? trial;
    }
    const elements = (plan: SizePlan) =>
      shapesWith(start.inputs, this.#dimensions, plan).reduce((sum, shape) => sum + elementCount(shape), 0);
    return { together: elements(ran) > elements(allowed) ? ran : allowed, grown };
  }

  /** Whether the inputs are no larger than they may be together. */
  #within({ inputs }: Start, together: SizePlan, bounding: ReadonlySet<string>): NonNullable<Course['isWithin']> {
    const most = shapesWith(inputs, this.#dimensions, together).map(elementCount);
    return (shapes) =>
      inputs.every(({ name }, index) => !bounding.has(name) || elementCount(shapes[index] ?? []) <= (most[index] ?? 0));
  }

  /** Each group beside small others. */
  async #growAlone(
    start: Start,
    groups: readonly Group[],
    grown: ReadonlyMap<Group, Grown>,
    isWithin: Pick<Course, 'isWithin'>,
  ): Promise<Map<string, number>> {
    const alone = sizesIn(start.inputs, this.#dimensions);
    for (const group of groups) {
      const { dimensions } = group;
      const known = grown.get(group);
      const course: Course = { ...(known?.course ?? this.#course(start.inputs, dimensions)), ...isWithin };
      const growth = known?.growth ?? (await this.#grow(dimensions, course, start.trial));
      const factor = largestPassing(1, growth.allowed, (each) => course.isWithin?.(course.shapesAt(each)) ?? true);
      for (const [key, size] of sizesIn(inputsAt(course, factor), dimensions)) {
        if (isRefused(growth)) alone.delete(key);
        else alone.set(key, size);
      }
    }
    return alone;
  }

  async #grow(moved: readonly VariableDimension[], course: Course, trial: Trial): Promise<Growth> {
    const growth = await grow(this.#runs, trial, course);
    const { obstacle, steps } = growth;
    if (obstacle !== null) for (const { key } of moved) this.#obstacles.set(key, obstacle);
    const points = steps.map(({ factor, trial: { ms, heapBytes } }) => {
      const [shape = []] = course.shapesAt(factor).toSorted((a, b) => elementCount(b) - elementCount(a));
      return { shape, ms, heapBytes };
    });
    if (points.length > 1) this.#series.push({ moved: moved.map(({ label }) => label), points });
    return growth;
  }

  #course(inputs: readonly Tensor[], moved: readonly VariableDimension[]): Course {
    const starts = moved.map((dimension) => {
      const size = Math.max(1, sizeIn(inputs, dimension));
      const given = this.#most.get(dimension.key);
      const most = countsRecords(inputs, dimension) ? defaultLimits.records : Number.POSITIVE_INFINITY;
      return { key: dimension.key, size, isGiven: given !== undefined, most: Math.max(size, given ?? most) };
    });
    const slowest = starts.toSorted((a, b) => b.most / b.size - a.most / a.size)[0];
    return {
      inputs,
      most: {
        factor: slowest === undefined ? 1 : Math.ceil(slowest.most / slowest.size),
        obstacle: slowest === undefined || slowest.isGiven ? null : 'records',
      },
      shapesAt: (factor) =>
        shapesWith(
          inputs,
          this.#dimensions,
          new Map(starts.map(({ key, size, most }) => [key, Math.min(size * factor, most)])),
        ),
    };
  }
}

/** Whether a dimension is the number of records. A single dimension that is not called so may as well be a signal. */
function countsRecords(inputs: readonly Tensor[], { role, label, places }: VariableDimension): boolean {
  const ranks = places.map((place) => inputs.find(({ name }) => name === place.input)?.shape.length ?? 0);
  return role === 'batch' && (/batch/i.test(label) || ranks.every((rank) => rank > 1));
}

/** The model took no other size at all. */
function isRefused({ reached, obstacle }: Growth): boolean {
  return reached === 1 && obstacle === 'refused';
}

function sizesIn(inputs: readonly Tensor[], dimensions: readonly VariableDimension[]): Map<string, number> {
  return new Map(dimensions.map((dimension) => [dimension.key, sizeIn(inputs, dimension)]));
}

/** Inputs of these shapes without their elements. */
function inputsAt({ inputs, shapesAt }: Course, factor: number): Tensor[] {
  const shapes = shapesAt(factor);
  return inputs.map((input, index) => ({ ...input, shape: shapes[index] ?? input.shape }));
}
