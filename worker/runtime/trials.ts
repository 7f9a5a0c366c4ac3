// Trials, as a load needs them: a version that was never seen to load anywhere is tried by one isolate at a time. A version that is
// known to be proven costs nothing here, and any other one list of storage at its first load in an isolate.
import { BoundedMap } from '../../registry/bounded-map.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { judgeTrial, mostAttempts, type TrialState, type Verdict } from '../../registry/trial.ts';

/** The part of the registry that trials need. */
export interface TrialRecords {
  readTrial(model: string, version: string): Promise<TrialState>;
  beginTrial(model: string, version: string, attempt: Attempting): Promise<boolean>;
  failTrial(model: string, version: string, attempt: Attempting, reason: string): Promise<void>;
  abandonTrial(model: string, version: string, number: number): Promise<void>;
  proveVersion(model: string, version: string): Promise<void>;
}

interface Attempting {
  readonly number: number;
  readonly by: string;
  readonly pop: string;
}

/** A trial that this isolate has begun. Each way to end it is called once; none of them throws. */
export interface Trial {
  /** The version was loaded and has run. */
  prove(): Promise<void>;
  /** It ended for a reason that may have nothing to do with the version. */
  abandon(): Promise<void>;
  /** The version broke the runtime. */
  fail(reason: string): Promise<void>;
}

/** Versions that an isolate knows to be proven; their names come from URLs. */
const mostKnown = 2000;
/** A load waits this long for another isolate's trial; then it fails and is repeated with pauses. */
const longestWaitMs = 10_000;
const pollMs = 250;

export class Trials {
  readonly #records: TrialRecords;
  readonly #lostMs: number;
  readonly #pop: () => string;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  readonly #proven = new BoundedMap<string, true>(mostKnown);
  readonly #by = crypto.randomUUID();

  /** @param options.lostMs an attempt that is older belonged to an isolate that was ended */
  constructor(options: {
    records: TrialRecords;
    lostMs: number;
    pop: () => string;
    log: (event: string, fields: Record<string, unknown>) => void;
  }) {
    this.#records = options.records;
    this.#lostMs = options.lostMs;
    this.#pop = options.pop;
    this.#log = options.log;
  }

  /** Takes over what a route says of its versions. */
  trust(model: string, versions: readonly string[]): void {
    for (const version of versions) this.#proven.set(`${model}/${version}`, true);
  }

  /**
   * To be called before a version is loaded.
   * @param onProgress called while another isolate's trial is waited for
   * @returns null if the version is proven
   * @throws {PopserveError} UNAVAILABLE when its trials have failed, while another isolate tries it, or if storage cannot be reached
   */
  async begin({ model, version }: Manifest, onProgress: () => void = () => undefined): Promise<Trial | null> {
    for (;;) {
      const verdict = await this.#waitForTurn(model, version, onProgress);
      if (verdict === null) return null;
      const attempt = { number: verdict.number, by: this.#by, pop: this.#pop() };
      if (verdict.step === 'resume' || (await reach(this.#records.beginTrial(model, version, attempt)))) {
        this.#log('trial-begun', { model, version, attempt: attempt.number });
        return this.#trialOf(model, version, attempt);
      }
    }
  }

  /**
   * Waits until another isolate's trial has ended.
   * @throws {PopserveError} UNAVAILABLE as {@link begin} does
   */
  async check({ model, version }: Manifest): Promise<void> {
    await this.#waitForTurn(model, version, () => undefined);
  }

  async #waitForTurn(
    model: string,
    version: string,
    onProgress: () => void,
  ): Promise<Extract<Verdict, { number: number }> | null> {
    const key = `${model}/${version}`;
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      if (this.#proven.has(key)) return null;
      const { proven, attempts } = await reach(this.#records.readTrial(model, version));
      if (proven) {
        this.#proven.set(key, true);
        return null;
      }
      const verdict = judgeTrial(attempts, { by: this.#by, nowMs: Date.now(), lostMs: this.#lostMs });
      if (verdict.step === 'refuse') {
        const { pop, startedAt, failure } = verdict.last;
        const how = failure === null ? 'did not return and took its isolate with it' : `broke the runtime: ${failure}`;
        throw new PopserveError(
          'UNAVAILABLE',
          `it failed ${mostAttempts} trials; the last, at PoP ${pop} on ${startedAt.toISOString()}, ${how}. It is not loaded again until an operator allows it: npx popserve retry ${model} ${version}`,
          { retryAfterSeconds: 60 },
        );
      }
      if (verdict.step !== 'wait') return verdict;
      if (waitedMs >= longestWaitMs) {
        throw new PopserveError('UNAVAILABLE', `it is on trial at PoP ${verdict.attempt.pop}; try again`, {
          retryAfterSeconds: 1,
        });
      }
      onProgress();
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  #trialOf(model: string, version: string, attempt: Attempting): Trial {
    // An end that is not written leaves an attempt behind, which counts as failed later. A version that loads is proven by the next.
    const settle = async (event: string, ending: Promise<void>) => {
      try {
        await ending;
        this.#log(event, { model, version, attempt: attempt.number });
      } catch (error) {
        this.#log('trial-not-ended', { model, version, attempt: attempt.number, error: String(error) });
      }
    };
    return {
      prove: () => {
        this.#proven.set(`${model}/${version}`, true);
        return settle('trial-passed', this.#records.proveVersion(model, version));
      },
      abandon: () => settle('trial-abandoned', this.#records.abandonTrial(model, version, attempt.number)),
      fail: (reason) => settle('trial-failed', this.#records.failTrial(model, version, attempt, reason)),
    };
  }
}

/** Storage that fails is neither the request's fault nor the code's. */
async function reach<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    throw new PopserveError('UNAVAILABLE', 'the registry cannot be reached from here; try again', {
      retryAfterSeconds: 1,
      cause,
    });
  }
}
