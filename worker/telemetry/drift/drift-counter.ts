// Counts this isolate's live inputs and outputs into the bins of their version's baseline. It runs synchronously after the answer
// is encoded and takes memory per bucket of callers, none per request. The reporter drains it.
import { BoundedMap } from '../../../registry/bounded-map.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import type { Log } from '../../logging/log.ts';
import type { InputTensor, Tensor } from '../../protocol/tensor.ts';
import type { Sender } from './caller-bucket.ts';
import type { CountedItems } from './count-items.ts';
import { CountingPlan } from './counting-plan.ts';

/** The counts of one version and one bucket of its callers since the last report. */
export interface DriftDelta {
  readonly version: string;
  /** The id of the baseline's layout: see layout.ts. */
  readonly layout: number;
  /** See caller-bucket.ts; code that did not tell callers apart leaves it out. */
  readonly bucket?: number | undefined;
  readonly requests: number;
  /** The rows of all requests: a batch has several. */
  readonly rows: number;
  readonly counts: Float64Array;
}

/** The part "drift" of a report. */
export interface DriftReport {
  /** The region of the isolate's PoP; null if it is not known. */
  readonly region: string | null;
  readonly versions: readonly DriftDelta[];
}

/** An isolate counts for at most this many versions of a model at a time. */
const mostVersions = 16;

export class DriftCounter {
  /** Set by the first request: see http/pop.ts. */
  region: string | null;
  readonly #log: Log;
  /** Keyed by model, then by version and digest of the model. */
  readonly #plans = new Map<string, BoundedMap<string, CountingPlan>>();
  /**
   * The plan of each manifest object; null if it is not counted. A route that is read again brings new objects for the same
   * manifests.
   */
  readonly #byManifest = new WeakMap<Manifest, CountingPlan | null>();

  constructor(region: string | null, log: Log) {
    this.region = region;
    this.#log = log;
  }

  /**
   * Never throws: an answer must not depend on being counted.
   * @param outputs the outputs that the request asked for; they may be views on the heap
   * @param items what was sent to a pipeline and what it answered; left out for tensors
   */
  count(
    manifest: Manifest,
    sender: Sender,
    inputs: readonly InputTensor[],
    outputs: readonly Tensor[],
    items?: CountedItems,
  ): void {
    let plan = this.#byManifest.get(manifest);
    if (plan === null) return;
    try {
      if (plan === undefined || plan.dropped) plan = this.#planOf(manifest);
      plan?.count(sender, inputs, outputs, items);
    } catch (error) {
      this.#byManifest.set(manifest, null);
      this.#log('drift-not-counted', { model: manifest.model, version: manifest.version, error: String(error) });
    }
  }

  take(model: string): DriftReport | undefined {
    const deltas: DriftDelta[] = [];
    for (const [key, plan] of this.#plans.get(model) ?? []) {
      const version = key.slice(0, key.indexOf('/'));
      for (const tally of plan.take()) {
        if (tally.rows > 0) deltas.push({ version, layout: plan.layout.id, ...tally });
      }
    }
    return deltas.length === 0 ? undefined : { region: this.region, versions: deltas };
  }

  #planOf(manifest: Manifest): CountingPlan | null {
    const { model, version, baseline } = manifest;
    let plan: CountingPlan | null = null;
    if (baseline) {
      const ofModel = this.#plans.get(model) ?? new BoundedMap<string, CountingPlan>(mostVersions, drop);
      this.#plans.set(model, ofModel);
      const key = `${version}/${manifest.artifacts.model.digest}`;
      plan = ofModel.get(key) ?? new CountingPlan(manifest, baseline);
      ofModel.set(key, plan);
    }
    this.#byManifest.set(manifest, plan);
    return plan;
  }
}

function drop(plan: CountingPlan): void {
  plan.dropped = true;
}
