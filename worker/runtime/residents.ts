// The versions of the isolate and the heap that they share: what each one holds of it, and what is given up when room is missing.
// How a version is loaded, and who waits for it, is not decided here (model-cache.ts).
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest, ProfileName } from '../../registry/manifest.ts';
import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';
import type { SessionHeap } from './loader.ts';
import type { Loading, ModelEntry, Ready, Unavailable } from './model-entry.ts';
import { chooseVictims, fastNeed, leanNeed, oldestFirst } from './room.ts';

/** The isolate's heap, as far as the versions in it need it; {@link IsolateHeap} is one. */
export interface ModelHeap {
  /** The heap if it is running. */
  readonly live:
    | (SessionHeap & { usedBytes(): number; hasRoom(modelBytes: number, restBytes: number): boolean })
    | null;
  /** Bytes that the runtime itself takes of an empty heap. */
  readonly emptyBytes: number;
  /** For this heap and all discarded ones together. */
  readonly budgetBytes: number;
  /** Memory of heaps that were given up and not yet collected. */
  readonly discardedBytes: number;
  /** Ends the heap with all that lives in it. */
  replace(): void;
  /** Gives the heap up for a smaller one where that is worth it; `true` if all that lived in it is gone. */
  shrink(wantedBytes: number): boolean;
}

/** Free room is missing, and the versions that hold it are still being loaded. */
export class RoomTaken extends Error {
  override readonly name = 'RoomTaken';
  readonly loads: readonly Loading[];
  constructor(loads: readonly Loading[]) {
    super('other loads have the room');
    this.loads = loads;
  }
}

export type Log = (event: string, fields: Record<string, unknown>) => void;

/** More than the bookkeeping can be wrong by. */
const leakBytes = 8 * mebibyte;

export class Residents {
  readonly #heap: ModelHeap;
  readonly #log: Log;
  readonly #entries = new Map<string, ModelEntry>();
  #useCount = 0;

  constructor(heap: ModelHeap, log: Log) {
    this.#heap = heap;
    this.#log = log;
  }

  find(manifest: Manifest): ModelEntry | undefined {
    return this.#entries.get(keyOf(manifest));
  }

  put(manifest: Manifest, entry: ModelEntry): void {
    this.#entries.set(keyOf(manifest), entry);
  }

  /** Takes a version out, if this is its entry still. What it holds in the heap is not released. */
  drop(entry: ModelEntry): void {
    if (this.find(entry.manifest) === entry) this.#entries.delete(keyOf(entry.manifest));
  }

  /** All entries by `<model>/<version>`. */
  byVersion(): Map<string, ModelEntry> {
    return new Map([...this.#entries].map(([key, entry]) => [key.slice(0, key.lastIndexOf('/')), entry]));
  }

  /** The loaded versions, in no particular order. */
  loaded(): Ready[] {
    return [...this.#entries.values()].filter((entry) => entry.state === 'ready');
  }

  /** The versions that failed to load. */
  unavailable(): Unavailable[] {
    return [...this.#entries.values()].filter((entry) => entry.state === 'unavailable');
  }

  /** @returns the position of a use in the order of all uses */
  countUse(): number {
    return ++this.#useCount;
  }

  /**
   * Unloads what was used longest ago until the version fits, and reserves its room. Between versions that stay, room comes in pieces:
   * where only its sum was looked at, a tenth of the loads into a full heap failed.
   * @returns `fast` where it pays and its need fits beside what is there, `lean` otherwise
   * @throws {RoomTaken} when it fits as soon as other loads have ended
   * @throws {PopserveError} UNAVAILABLE when it does not fit, whatever is unloaded; then nothing is
   */
  makeRoom(loading: Loading): ProfileName {
    const { manifest } = loading;
    const availableBytes = this.#availableBytes();
    const fastBytes = fastNeed(manifest);
    if (
      fastBytes !== null &&
      this.#reservedBytes() + fastBytes <= availableBytes &&
      this.#hasRoom(manifest, fastBytes)
    ) {
      loading.needBytes = fastBytes;
      return 'fast';
    }
    const needBytes = leanNeed(manifest);
    const victims = chooseVictims(this.loaded(), this.#reservedBytes() + needBytes - availableBytes);
    if (victims === null) throw this.#noRoom(needBytes, availableBytes);
    for (const victim of victims) this.unload(victim);
    for (const victim of oldestFirst(this.loaded())) {
      if (this.#hasRoom(manifest, needBytes)) break;
      this.unload(victim);
    }
    loading.needBytes = needBytes;
    return 'lean';
  }

  /** Whether a version can be loaded while others stay. */
  fitsBeside(manifest: Manifest, others: readonly Manifest[]): boolean {
    const kept = others.reduce((sum, other) => {
      const entry = this.find(other);
      return sum + (entry?.state === 'ready' ? entry.needBytes : 0);
    }, 0);
    return kept + leanNeed(manifest) <= this.#availableBytes();
  }

  unload(entry: Ready): void {
    this.drop(entry);
    entry.session.release();
    this.#log('model-unloaded', { model: entry.manifest.model, version: entry.manifest.version });
  }

  /**
   * Unloads what was used longest ago until as much is free again as the load reserved, for one that found its room in pieces. A
   * version that takes more than its manifest says must not empty the heap of the others.
   * @returns whether there was anything to unload
   */
  unloadInFavourOf({ needBytes }: Loading): boolean {
    const loaded = this.loaded();
    const victims = chooseVictims(loaded, Math.max(needBytes, 1)) ?? loaded;
    for (const victim of victims) this.unload(victim);
    return victims.length > 0;
  }

  /** Gives the heap up for a smaller one, if it is far larger than what is to live in it once the version is loaded. */
  shrinkHeap(manifest: Manifest): void {
    const wantedBytes = this.#heap.emptyBytes + this.#reservedBytes() + leanNeed(manifest);
    if (!this.#heap.shrink(wantedBytes)) return;
    this.#log('heap-shrunk', { wantedBytes, discardedBytes: this.#heap.discardedBytes });
    this.#forgetLost();
  }

  /**
   * Replaces the heap if it is broken, and forgets the versions that lived in a broken one: they come back on demand.
   * @returns whether it was replaced
   */
  dropBrokenHeap(): boolean {
    const isBroken = this.#heap.live !== null && this.#heap.live.broken !== null;
    if (isBroken) this.#heap.replace();
    this.#forgetLost();
    return isBroken;
  }

  /**
   * Replaces the heap if it holds much more than the versions in it account for: a load that was given up may still hold its block.
   * @returns whether it was replaced
   */
  replaceLeakingHeap(): boolean {
    const { live, emptyBytes } = this.#heap;
    if (!live || live.broken !== null) return false;
    if (live.usedBytes() < emptyBytes + this.#reservedBytes() + leakBytes) return false;
    this.#heap.replace();
    this.#forgetLost();
    return true;
  }

  #forgetLost(): void {
    for (const entry of this.loaded()) if (entry.session.heap.broken !== null) this.drop(entry);
  }

  #noRoom(needBytes: number, availableBytes: number): RoomTaken | PopserveError {
    const loads = [...this.#entries.values()]
      .filter((entry) => entry.state === 'loading')
      .filter((loading) => loading.needBytes > 0);
    if (loads.length > 0 && needBytes <= availableBytes) return new RoomTaken(loads);
    const { budgetBytes, emptyBytes, discardedBytes } = this.#heap;
    // Whatever is loaded could give way, so only the loads under way hold room that cannot be had.
    const freeBytes = loads.reduce((free, loading) => free - loading.needBytes, availableBytes);
    return new PopserveError(
      'UNAVAILABLE',
      `it needs ${mebibytes(needBytes)} of heap, ${mebibytes(freeBytes)} of ` +
        `${mebibytes(availableBytes)} are free (budget ${mebibytes(budgetBytes)}, the runtime itself ` +
        `${mebibytes(emptyBytes)}, discarded heaps ${mebibytes(discardedBytes)})`,
    );
  }

  /** Size that the heap must be able to grow to for its content, within its budget. */
  get promisedBytes(): number {
    return Math.min(this.#heap.emptyBytes + this.#reservedBytes(), this.#heap.budgetBytes - this.#heap.discardedBytes);
  }

  /** Whether the pieces that are free are large enough. A heap that is not running yet is all in one. */
  #hasRoom({ artifacts }: Manifest, needBytes: number): boolean {
    const { bytes } = artifacts.model;
    return this.#heap.live?.hasRoom(bytes, Math.max(0, needBytes - bytes)) ?? true;
  }

  #availableBytes(): number {
    return this.#heap.budgetBytes - this.#heap.discardedBytes - this.#heap.emptyBytes;
  }

  #reservedBytes(): number {
    let sum = 0;
    for (const entry of this.#entries.values()) if (entry.state !== 'unavailable') sum += entry.needBytes;
    return sum;
  }
}

function keyOf({ model, version, artifacts }: Manifest): string {
  return `${model}/${version}/${artifacts.model.digest}`;
}
