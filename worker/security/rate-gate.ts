// Limits how often one key or one address may ask. The platform's rate limiter counts, per location and approximately.
import { BoundedMap } from '../../registry/bounded-map.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { RequestScope } from '../request-scope.ts';

/**
 * The platform's binding, or one that a test makes.
 * @see https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
 */
export interface RateLimiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** How long an isolate refuses a caller before it asks the limiter again: the shortest period that a limiter can have. */
const holdSeconds = 10;
const mostHeld = 10_000;
/** No request costs more: the platform allows one about so many operations. */
const mostCharged = 1_000;
/** The limiter takes no number, so it is called as often. */
const chargedAtOnce = 20;

export class RateGate {
  readonly #limiter: RateLimiter | undefined;
  readonly #what: string;
  readonly #now: () => number;
  /** The keys that are over the limit, and until when they are refused without asking the limiter. */
  readonly #held = new BoundedMap<string, number>(mostHeld);

  /**
   * @param limiter undefined if nothing is limited
   * @param what names what is limited in the message, such as 'this key'
   */
  constructor(limiter: RateLimiter | undefined, what: string, now: () => number = Date.now) {
    this.#limiter = limiter;
    this.#what = what;
    this.#now = now;
  }

  /**
   * Lets a request through and counts it behind its answer, so that no request waits for the limiter. Requests that come before
   * the limiter has answered are served above the limit.
   * @throws {PopserveError} RATE_LIMITED when the key is over the limit
   */
  pass(key: string, scope: RequestScope): void {
    if (this.#limiter === undefined) return;
    this.#refuseHeld(key);
    scope.waitUntil(this.#count(this.#limiter, key));
  }

  /**
   * Counts a request and waits for the limiter's answer.
   * @throws {PopserveError} RATE_LIMITED when the key is over the limit
   */
  async ask(key: string): Promise<void> {
    if (this.#limiter === undefined) return;
    this.#refuseHeld(key);
    await this.#count(this.#limiter, key);
    this.#refuseHeld(key);
  }

  /** Counts what a request has cost beyond the one operation that {@link pass} counted, behind its answer. */
  charge(key: string, times: number, scope: RequestScope): void {
    if (this.#limiter !== undefined && times > 0) scope.waitUntil(this.#countMany(this.#limiter, key, times));
  }

  async #countMany(limiter: RateLimiter, key: string, times: number): Promise<void> {
    let left = Math.min(times, mostCharged);
    while (left > 0 && !this.#held.has(key)) {
      const group = Math.min(left, chargedAtOnce);
      await Promise.all(Array.from({ length: group }, () => this.#count(limiter, key)));
      left -= group;
    }
  }

  #refuseHeld(key: string): void {
    const untilMs = this.#held.get(key);
    if (untilMs === undefined) return;
    const restMs = untilMs - this.#now();
    if (restMs <= 0) {
      this.#held.delete(key);
      return;
    }
    const retryAfterSeconds = Math.ceil(restMs / 1000);
    throw new PopserveError(
      'RATE_LIMITED',
      `too many requests from ${this.#what}; try again in ${retryAfterSeconds} s`,
      {
        retryAfterSeconds,
      },
    );
  }

  async #count(limiter: RateLimiter, key: string): Promise<void> {
    // A limiter that fails must not take inference down with it.
    const { success } = await limiter.limit({ key }).catch(() => ({ success: true }));
    if (success) return;
    this.#held.set(key, this.#now() + holdSeconds * 1000);
  }
}

/** The address that is limited: the /64 network of an IPv6 address, because one household or machine has all of it. */
export function limitedAddress(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const filled =
    tail === undefined ? groups : [...groups, ...Array(8 - groups.length - rest.length).fill('0'), ...rest];
  return `${filled
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
