// Counts in this isolate what callers say of their last calls, synchronously behind an answer. The reporter drains it.
import { routedVersions } from '../../../registry/route.ts';
import { callerBucket, type Sender } from '../drift/caller-bucket.ts';
import type { SideDelta } from '../side-counts.ts';
import { type SidedRequest, sideOf } from '../sides.ts';
import { addCall, slots } from './bins.ts';
import { readLastCall } from './last-call.ts';

/** Combinations of a version, a side and an epoch that are counted between two reports of a model. */
const mostKinds = 64;

export class LatencyCounter {
  /** Keyed by model, then by version, side and epoch, then by bucket. */
  readonly #tallies = new Map<string, Map<string, Map<number, SideDelta>>>();

  /**
   * Counts one call, unless the header is none, tells of another PoP, or names a version that is not routed.
   * @param header as it came
   * @param asked the request that brought it; the call that it tells of went to the same address
   * @param pop the name of this PoP: a device that has moved tells of another one
   */
  count(header: string, asked: SidedRequest, sender: Sender, pop: string): void {
    const { manifest, epoch, route } = asked;
    const told = readLastCall(header);
    if (told === null || (told.pop !== null && told.pop !== pop)) return;
    const version = told.version ?? manifest.version;
    if (version !== manifest.version && !(route && routedVersions(route).includes(version))) return;
    const side = sideOf(asked, version);
    const bucket = callerBucket(manifest.model, sender, slots);
    const delta = this.#deltaOf(manifest.model, { version, epoch, side, bucket });
    if (delta !== undefined) addCall(delta.counts, told);
  }

  /** Moves out what was counted for a model; undefined if there is nothing. */
  take(model: string): SideDelta[] | undefined {
    const kinds = this.#tallies.get(model);
    if (kinds === undefined) return undefined;
    this.#tallies.delete(model);
    return [...kinds.values()].flatMap((buckets) => [...buckets.values()]);
  }

  #deltaOf(model: string, of: Omit<SideDelta, 'counts'>): SideDelta | undefined {
    const kinds = this.#tallies.get(model) ?? new Map<string, Map<number, SideDelta>>();
    this.#tallies.set(model, kinds);
    const key = `${of.version} ${of.side} ${of.epoch}`;
    let buckets = kinds.get(key);
    if (buckets === undefined) {
      if (kinds.size >= mostKinds) return undefined;
      buckets = new Map();
      kinds.set(key, buckets);
    }
    let delta = buckets.get(of.bucket);
    if (delta === undefined) {
      delta = { ...of, counts: new Float64Array(slots) };
      buckets.set(of.bucket, delta);
    }
    return delta;
  }
}
