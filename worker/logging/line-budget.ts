// How many lines callers whom nobody knows may cause: the log is paid for by the line, and a flood hides what matters.

const mostLines = 20;
const windowMs = 10_000;

export class LineBudget {
  readonly #now: () => number;
  #windowFromMs = Number.NEGATIVE_INFINITY;
  #written = 0;
  #leftOut = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @returns null if this line is to be left out; else how many were left out since the last one that was written */
  take(): number | null {
    const nowMs = this.#now();
    if (nowMs - this.#windowFromMs >= windowMs) {
      this.#windowFromMs = nowMs;
      this.#written = 0;
    }
    if (this.#written >= mostLines) {
      this.#leftOut += 1;
      return null;
    }
    this.#written += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
