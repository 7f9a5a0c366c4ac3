// The states of a version in the model cache: on its way, loaded, or unavailable for now.
import type { PopserveError } from '../../registry/errors.ts';
import type { Manifest, ProfileName } from '../../registry/manifest.ts';
import type { LoadTimes } from './load-times.ts';
import type { ModelSession } from './loader.ts';
import type { Trial } from './trials.ts';

export interface LoadedModel {
  readonly manifest: Manifest;
  readonly profile: ProfileName;
  readonly session: ModelSession;
  readonly needBytes: number;
  /** How long each step of its load took. */
  readonly times: LoadTimes;
}

export interface Loading {
  readonly state: 'loading';
  readonly manifest: Manifest;
  readonly done: Promise<void>;
  /**
   * No request waits for it: it lets others run between its steps and warms up before it takes over. Where a request waits, that
   * request's own run is the warm-up, which spares it a second slow one.
   */
  readonly aside: boolean;
  /** Room that it holds in the heap, bytes; 0 until it has some. */
  needBytes: number;
  /** Grows with every piece that arrives. A load that stands still belonged to a request that died. */
  progress: number;
  /** Loads that hold the room which this one needs. */
  waitsFor: readonly Loading[];
  /** The end of its trial, being written; null if there is none. */
  proof: Promise<void> | null;
}

export interface Ready extends LoadedModel {
  readonly state: 'ready';
  /** Whether it has run. */
  warm: boolean;
  /** Position in the order of uses; the lowest was used longest ago. */
  lastUsed: number;
  /**
   * The trial that its first run ends, where it has no sample input to prove itself with; `due`: to be begun before the next run;
   * null: it is proven.
   */
  trial: Trial | 'due' | null;
}

export interface Unavailable {
  readonly state: 'unavailable';
  readonly manifest: Manifest;
  readonly error: PopserveError;
  /** Loads that failed in a row. */
  readonly attempts: number;
  readonly retryAtMs: number;
}

export type ModelEntry = Loading | Ready | Unavailable;

/** A version's state as callers may see it. */
export type ModelState =
  | { readonly state: 'LOADING' }
  | { readonly state: 'READY'; readonly profile: ProfileName; readonly needBytes: number; readonly times: LoadTimes }
  | { readonly state: 'UNAVAILABLE'; readonly reason: string };

export function stateOf(entry: ModelEntry): ModelState {
  if (entry.state === 'loading') return { state: 'LOADING' };
  if (entry.state === 'unavailable') return { state: 'UNAVAILABLE', reason: entry.error.message };
  const { profile, needBytes, times } = entry;
  return { state: 'READY', profile, needBytes, times };
}
