// The faults of a PoP's way to its storage at a moment. They come in windows that the plan fixes beforehand.

export const faultKinds = [
  /** R2 answers every second call with a 5xx. */
  'r2-errors',
  /** R2 takes its time, and bodies come in drips. */
  'r2-slow',
  /** KV answers with what it had a good while ago. */
  'kv-stale',
  'kv-failing',
  /** A blob's connection ends in the middle of its bytes. */
  'blob-truncated',
  /** A bit of a blob is wrong. */
  'blob-corrupted',
  /** Nothing reaches R2 or KV. */
  'cut-off',
  /** The isolate's clock does not move. */
  'clock-stopped',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface FaultWindow {
  readonly pop: string;
  readonly kind: FaultKind;
  /** Milliseconds since the start of the run. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export class Faults {
  readonly #windows = new Map<string, FaultWindow[]>();
  readonly #startMs: number;

  constructor(windows: readonly FaultWindow[], startMs: number) {
    this.#startMs = startMs;
    for (const window of windows) {
      const own = this.#windows.get(window.pop) ?? [];
      own.push(window);
      this.#windows.set(window.pop, own);
    }
  }

  /** @param nowMs of `Date.now()` */
  active(pop: string, nowMs: number): Set<FaultKind> {
    return this.between(pop, nowMs, nowMs);
  }

  /** Every fault that a PoP had at some moment of a span of time. */
  between(pop: string, fromMs: number, untilMs: number): Set<FaultKind> {
    const kinds = new Set<FaultKind>();
    for (const window of this.#windows.get(pop) ?? []) {
      if (window.fromMs <= untilMs - this.#startMs && fromMs - this.#startMs < window.untilMs) kinds.add(window.kind);
    }
    return kinds;
  }
}
