// Limits the work that one caller may have an isolate do on JSON. An isolate does one thing at a time: reading 8 MiB of JSON keeps
// everybody else waiting for a tenth of a second, and a limiter that counts requests lets a hundred such requests through.
import { BoundedMap } from '../../registry/bounded-map.ts';
import { PopserveError } from '../../registry/errors.ts';
import { mebibyte } from '../../registry/mebibytes.ts';

/** A caller that was quiet may have so much read at once. */
const burstBytes = 64 * mebibyte;
/** Per second from then on: about an eighth of an isolate's time. */
const rateBytes = 8 * mebibyte;
/**
 * Refused work counts so many times: a caller whose requests are in order never waits for it, and one that only sends refused ones
 * gets less than a hundredth of an isolate's time, so that they stay out of the 99th percentile of others.
 */
const refusedTimes = 64;
/** Nobody owes more: the longest time to wait is two minutes. */
const mostOwedBytes = 120 * rateBytes;
const mostCallers = 10_000;

interface Balance {
  /** Below 0: owed. */
  readonly bytes: number;
  readonly atMs: number;
}

export class WorkGate {
  readonly #now: () => number;
  /** Callers who have had work done lately; a full balance is as good as none. */
  readonly #balances = new BoundedMap<string, Balance>(mostCallers);

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Asked before the work is begun.
   * @throws {PopserveError} RATE_LIMITED while the caller owes work, with the time until it is paid off
   */
  pass(caller: string): void {
    const left = this.#left(caller);
    if (left >= 0) return;
    const retryAfterSeconds = Math.ceil(-left / rateBytes);
    throw new PopserveError(
      'RATE_LIMITED',
      `too much JSON from this caller, refused requests counting ${refusedTimes} times; try again in ${retryAfterSeconds} s, or send tensors in the binary form`,
      { retryAfterSeconds },
    );
  }

  /** @param bytes of JSON that were read, whether or not the request was refused then */
  charge(caller: string, bytes: number, isRefused: boolean): void {
    const left = this.#left(caller) - bytes * (isRefused ? refusedTimes : 1);
    this.#balances.set(caller, { bytes: Math.max(-mostOwedBytes, left), atMs: this.#now() });
  }

  #left(caller: string): number {
    const balance = this.#balances.get(caller);
    if (balance === undefined) return burstBytes;
    return Math.min(burstBytes, balance.bytes + ((this.#now() - balance.atMs) / 1000) * rateBytes);
  }
}
