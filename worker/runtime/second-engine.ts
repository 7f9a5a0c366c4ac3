// LiteRT, the second engine, as the serving Worker sees it: which runs are for it, and what follows where it fails. onnxruntime then
// answers the same request, and LiteRT is left alone for that version for a pause that grows. The call itself is litert-call.ts.
import { BoundedMap } from '../../registry/bounded-map.ts';
import { haveShapes } from '../../registry/fixed-shapes.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { byteLengthOf } from '../protocol/raw-frame.ts';
import type { InputTensor, Tensor } from '../protocol/tensor.ts';
import { freeBytes } from './free-bytes.ts';
import type { Account } from './ledger.ts';
import { callRun, callWarm, encodeRun, LitertRefusal, type LitertService, readOutputs } from './litert-call.ts';
import { lastRetryMs, reasonOf, retryDelayMs } from './model-failure.ts';
import { toRuntimeTensor } from './tensors.ts';

/** Versions that are remembered; more are never busy at once. */
const mostVersions = 500;

interface Pause {
  /** Failures in a row. */
  readonly attempts: number;
  untilMs: number;
}

export interface EngineRun {
  readonly manifest: Manifest;
  readonly inputs: readonly InputTensor[];
  /** The outputs to compute. */
  readonly names: readonly string[];
}

/** Outputs as views on the answer, which `close` frees. */
export interface EngineAnswer {
  readonly outputs: readonly Tensor[];
  close(): void;
}

export class SecondEngine {
  readonly #service: LitertService;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  readonly #onFailure: (manifest: Manifest) => void;
  readonly #now: () => number;
  readonly #pauses = new BoundedMap<string, Pause>(mostVersions);
  /** Versions that have answered or are warm there. */
  readonly #ready = new BoundedMap<string, true>(mostVersions);

  constructor(options: {
    service: LitertService;
    log: (event: string, fields: Record<string, unknown>) => void;
    onFailure?: (manifest: Manifest) => void;
    now?: () => number;
  }) {
    this.#service = options.service;
    this.#log = options.log;
    this.#onFailure = options.onFailure ?? (() => {});
    this.#now = options.now ?? Date.now;
  }

  /** Whether runs of the version are for it, those of its one shape: it needs no room in this isolate's heap for them. */
  serves(manifest: Manifest): boolean {
    return manifest.runtime.litert !== undefined && !this.#isPaused(manifest);
  }

  /** Whether this run is for it: a version that was converted, in exactly the shapes that it was converted for. */
  takes(manifest: Manifest, inputs: readonly InputTensor[]): boolean {
    const { litert } = manifest.runtime;
    return litert !== undefined && haveShapes(inputs, litert.inputs) && !this.#isPaused(manifest);
  }

  /** Whether it has the version loaded, as far as this isolate knows. */
  isReady({ model, version }: Manifest): boolean {
    return this.#ready.has(`${model}/${version}`);
  }

  /**
   * @param account counts the request and the answer between the Workers
   * @returns null where onnxruntime is to answer: LiteRT failed, or there is no room for another copy of the tensors
   */
  async run({ manifest, inputs, names }: EngineRun, account: Account): Promise<EngineAnswer | null> {
    const held = new Held(account);
    if (!held.take(inputs.reduce((sum, { data }) => sum + byteLengthOf(data), 0))) return null;
    const before = this.#begin(manifest);
    try {
      const frame = encodeRun(inputs.map(toRuntimeTensor), names);
      const answer = await callRun(this.#service, manifest, frame);
      freeBytes(frame);
      held.give();
      // It is here already: what finds no room is not counted.
      held.take(answer.length);
      const outputs = readOutputs(manifest, names, answer);
      this.#succeeded(manifest);
      return {
        outputs,
        close: () => {
          freeBytes(answer);
          held.give();
        },
      };
    } catch (error) {
      held.give();
      this.#failed(manifest, before, error);
      return null;
    }
  }

  /** Has the version loaded and run once there. @returns false where onnxruntime is to be warmed instead */
  async warm(manifest: Manifest): Promise<boolean> {
    if (!this.serves(manifest)) return false;
    if (this.isReady(manifest)) return true;
    const before = this.#begin(manifest);
    try {
      await callWarm(this.#service, manifest);
      this.#succeeded(manifest);
      return true;
    } catch (error) {
      this.#failed(manifest, before, error);
      return false;
    }
  }

  /** Lets it be asked again at once. @param version null: every version of the model */
  forget(model: string, version: string | null): void {
    for (const known of [this.#pauses, this.#ready]) {
      for (const key of known.keys()) {
        if (version === null ? key.startsWith(`${model}/`) : key === `${model}/${version}`) known.delete(key);
      }
    }
  }

  #isPaused({ model, version }: Manifest): boolean {
    if (this.#pauses.size === 0) return false;
    const pause = this.#pauses.get(`${model}/${version}`);
    return pause !== undefined && this.#now() < pause.untilMs;
  }

  /**
   * After a pause one request tries; the others go on with onnxruntime until it has come back.
   * @returns the pause that has ended, if there was one
   */
  #begin({ model, version }: Manifest): Pause | undefined {
    const pause = this.#pauses.get(`${model}/${version}`);
    if (pause !== undefined) pause.untilMs = this.#now() + lastRetryMs;
    return pause;
  }

  #succeeded({ model, version }: Manifest): void {
    const key = `${model}/${version}`;
    if (!this.#ready.has(key)) this.#ready.set(key, true);
    if (this.#pauses.delete(key)) this.#log('litert-back', { model, version });
  }

  /** @param before the pause when the call began: of calls that fail together, the first makes the next one */
  #failed(manifest: Manifest, before: Pause | undefined, error: unknown): void {
    const { model, version } = manifest;
    const key = `${model}/${version}`;
    this.#onFailure(manifest);
    this.#ready.delete(key);
    if (this.#pauses.get(key) !== before) return;
    const attempts = (before?.attempts ?? 0) + 1;
    // Where it refuses a call, another one would not help.
    const isRefusal = error instanceof LitertRefusal && error.status < 500;
    const pauseMs = isRefusal ? lastRetryMs : retryDelayMs(error, attempts);
    this.#pauses.set(key, { attempts, untilMs: this.#now() + pauseMs });
    this.#log('litert-failed', { model, version, reason: reasonOf(error), attempts, pauseMs });
  }
}

/** The bytes between the two Workers, in the account of their request: those of the request, then those of the answer. */
class Held {
  readonly #account: Account;
  #bytes = 0;

  constructor(account: Account) {
    this.#account = account;
  }

  /** @returns whether there was room */
  take(bytes: number): boolean {
    if (!this.#account.tryTake('bodies', bytes)) return false;
    this.#bytes = bytes;
    return true;
  }

  give(): void {
    this.#account.give('bodies', this.#bytes);
    this.#bytes = 0;
  }
}
