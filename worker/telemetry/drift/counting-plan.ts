// Decides which features of a version's tensors are counted, and how often. Single elements are always counted; figures that sum
// up large rows are counted for a sample of the requests if they would cost more than 2 % of the model's run.

import type { FeatureBaseline } from '../../../registry/baseline.ts';
import { batchOf, inRows, recordsIn } from '../../../registry/batch.ts';
import { smallest } from '../../../registry/extremes.ts';
import { isItemTake } from '../../../registry/feature.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { elementCount, type TensorSpec } from '../../../registry/signature.ts';
import { type InputTensor, isPending, type Tensor } from '../../protocol/tensor.ts';
import { callerBucket, type Sender } from './caller-bucket.ts';
import type { CallerCounts } from './caller-counts.ts';
import { type CountFeature, type CountSheet, featureCounter } from './count-feature.ts';
import { type CountedItem, type CountedItems, type CountItem, itemCounters } from './count-items.ts';
import { spread } from './hash.ts';
import { type FeatureKind, type Layout, layoutOf } from './layout.ts';

/** Sampled figures may cost this share of a run. */
const shareOfRun = 0.02;
/**
 * Reading an element for one figure takes 1 to 2 ns in workerd (scripts/checks/bench/sections/drift.ts). An isolate cannot time
 * itself, since its clock stands still, so it relies on this figure and on the run's time in the manifest.
 */
const nsPerElement = 2;

interface TensorPlan {
  readonly always: CountFeature[];
  readonly sampled: CountFeature[];
}

/** Rows without elements count as missing. A shape may claim any number of them, and nobody has sent or computed them. */
const mostEmptyRows = 4096;

/** What one bucket of callers sent since the counts were last taken. */
interface Tally extends CallerCounts {
  requests: number;
  rows: number;
}

export class CountingPlan {
  readonly layout: Layout;
  /** Set when the plan made room for another version: what it counts from then on is not reported. */
  dropped = false;
  /** The sampled figures are counted for one request in this many. */
  readonly every: number;
  readonly #signature: Manifest['signature'];
  readonly #inputs: ReadonlyMap<string, TensorPlan>;
  readonly #outputs: ReadonlyMap<string, TensorPlan>;
  /** Of a version whose baseline was taken from pictures or texts; empty for others. */
  readonly #items: readonly CountItem[];
  readonly #model: string;
  /** By bucket: a bucket takes memory from its first request until the counts are taken. */
  readonly #tallies = new Map<number, Tally>();
  readonly #sheet: CountSheet = { counts: new Float64Array() };
  /** The number of requests since the isolate started. */
  #numbered = 0;

  /** @param baseline that of the manifest */
  constructor(manifest: Manifest, baseline: NonNullable<Manifest['baseline']>) {
    this.layout = layoutOf(baseline);
    this.#model = manifest.model;
    this.every = samplingInterval(manifest, baseline);
    this.#signature = manifest.signature;
    const { inputs, outputs } = manifest.signature;
    this.#inputs = tensorPlans(this.layout, 'input', inputs, this.#sheet);
    this.#outputs = tensorPlans(this.layout, 'output', outputs, this.#sheet);
    this.#items = itemCounters(this.layout, this.#sheet);
  }

  /**
   * @param outputs the outputs that the request asked for; they may be views on the heap
   * @param items what was sent to a pipeline and what it answered, asked for where it is counted; left out for tensors
   */
  count(sender: Sender, inputs: readonly InputTensor[], outputs: readonly Tensor[], items?: CountedItems): void {
    if (this.#items.length > 0) {
      // Tensors tell nothing of the pictures or texts that they were made of.
      if (items !== undefined) this.#countItems(sender, items());
      return;
    }
    const tally = this.#tallyOf(callerBucket(this.#model, sender, this.layout.slots));
    this.#sheet.counts = tally.counts;
    const sampled = isSampled(this.#numbered++, this.every);
    this.#countTensors(this.#inputs, inputs, sampled);
    this.#countTensors(this.#outputs, outputs, sampled);
    tally.requests += 1;
    tally.rows += recordsIn(inputs, batchOf(this.#signature));
  }

  #countItems(sender: Sender, items: readonly CountedItem[]): void {
    const tally = this.#tallyOf(callerBucket(this.#model, sender, this.layout.slots));
    this.#sheet.counts = tally.counts;
    for (const item of items) for (const count of this.#items) count(item);
    tally.requests += 1;
    tally.rows += items.length;
  }

  #countTensors(plans: ReadonlyMap<string, TensorPlan>, tensors: readonly InputTensor[], sampled: boolean): void {
    for (const given of tensors) {
      const plan = plans.get(given.name);
      if (plan === undefined || isPending(given)) continue;
      const tensor = inRows(given, this.#signature);
      const [claimed = 1] = tensor.shape;
      const rows = tensor.shape.includes(0) ? Math.min(claimed, mostEmptyRows) : claimed;
      for (const count of plan.always) count(tensor, 0, rows);
      if (sampled) for (const count of plan.sampled) count(tensor, 0, rows);
    }
  }

  #tallyOf(bucket: number): Tally {
    const known = this.#tallies.get(bucket);
    if (known !== undefined) return known;
    const tally = { bucket, requests: 0, rows: 0, counts: new Float64Array(this.layout.slots) };
    this.#tallies.set(bucket, tally);
    return tally;
  }

  /** Moves out what was counted. */
  take(): readonly Tally[] {
    const taken = [...this.#tallies.values()];
    this.#tallies.clear();
    return taken;
  }
}

/**
 * Whether the request of this number is sampled, at a rate of one in `every`. The same numbers are sampled each time, without a
 * period that devices could fall in step with.
 */
export function isSampled(request: number, every: number): boolean {
  return every === 1 || spread(request) % every === 0;
}

function tensorPlans(
  layout: Layout,
  kind: FeatureKind,
  specs: readonly TensorSpec[],
  sheet: CountSheet,
): Map<string, TensorPlan> {
  const plans = new Map<string, TensorPlan>();
  for (const slots of layout.features) {
    const spec = specs.find(({ name }) => name === slots.baseline.tensor);
    const { take } = slots.baseline;
    if (slots.kind !== kind || spec === undefined || isItemTake(take)) continue;
    const plan = plans.get(spec.name) ?? { always: [], sampled: [] };
    const count = featureCounter(slots, take, spec.datatype, sheet);
    if (isSummary(slots.baseline)) plan.sampled.push(count);
    else plan.always.push(count);
    plans.set(spec.name, plan);
  }
  return plans;
}

function isSummary({ take }: Pick<FeatureBaseline, 'take'>): boolean {
  return typeof take === 'string' && take !== 'length';
}

/** Compares the elements that all sampled figures read for the sample input with the quickest run that was measured. */
function samplingInterval(manifest: Manifest, baseline: NonNullable<Manifest['baseline']>): number {
  const { fast, lean } = manifest.runtime.profiles;
  const measured = [fast?.runMs, lean?.runMs].filter((ms) => ms !== undefined && ms > 0);
  const runMs = smallest(measured.map(Number));
  if (!Number.isFinite(runMs)) return 1;
  const shapes = new Map((manifest.warmup ?? []).map(({ name, shape }) => [name, shape]));
  for (const spec of manifest.signature.outputs) {
    shapes.set(
      spec.name,
      spec.shape.map((size) => Math.max(size, 1)),
    );
  }
  const elements = [...baseline.inputs, ...baseline.outputs]
    .filter(isSummary)
    .reduce((sum, { tensor, take }) => sum + elementCount(shapes.get(tensor) ?? []) * (take === 'contrast' ? 2 : 1), 0);
  return Math.max(1, Math.ceil((elements * nsPerElement) / (shareOfRun * runMs * 1e6)));
}
