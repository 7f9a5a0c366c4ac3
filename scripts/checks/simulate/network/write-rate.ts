// The limit of R2 and KV on writes to a key: one a second. Every write counts, also one that changes nothing: what the network does
// with those is not documented.
// @see https://developers.cloudflare.com/r2/platform/limits/ https://developers.cloudflare.com/kv/platform/limits/
export class WriteRate {
  readonly #intervalMs: number;
  readonly #writtenMs = new Map<string, number>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** @returns whether all these keys take a write now; then it counts */
  take(keys: readonly string[], nowMs: number): boolean {
    if (keys.some((key) => nowMs - (this.#writtenMs.get(key) ?? -Infinity) < this.#intervalMs)) return false;
    for (const key of keys) this.#writtenMs.set(key, nowMs);
    return true;
  }
}
