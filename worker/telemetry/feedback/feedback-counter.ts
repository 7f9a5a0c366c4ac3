// Holds what was told of answers until the next report. Whether an answer was told of before only the model's Durable Object knows;
// here one is held once.
import { PopserveError } from '../../../registry/errors.ts';
import type { Side } from '../sides.ts';
import type { AnswerClaim } from './answer-ids.ts';

/** One answer whose truth was told, without a word of what was asked, answered or true. */
export interface Told {
  readonly issuer: string;
  readonly sequence: number;
  readonly expiresDay: number;
  readonly version: string;
  readonly epoch: number;
  readonly side: Side;
  /** The PoP that answered. */
  readonly pop: string;
  readonly bucket: number;
  /** See judgement.ts. */
  readonly counts: Float64Array;
}

/** Per model, between two reports. */
const mostHeld = 2000;

export class FeedbackCounter {
  readonly #flushSeconds: number;
  /** Keyed by model, then by issuer and sequence. */
  readonly #held = new Map<string, Map<string, Told>>();

  constructor(flushSeconds: number) {
    this.#flushSeconds = flushSeconds;
  }

  /** @throws {PopserveError} RATE_LIMITED when the next report is full; INVALID_ARGUMENT for an answer that is held already */
  add(model: string, { predicted: _, ...claim }: AnswerClaim, counts: Float64Array): void {
    const held = this.#held.get(model) ?? new Map<string, Told>();
    this.#held.set(model, held);
    const key = `${claim.issuer} ${claim.sequence}`;
    if (held.has(key)) throw new PopserveError('INVALID_ARGUMENT', 'the truth of this answer was told a moment ago');
    if (held.size >= mostHeld) {
      const retryAfterSeconds = Math.max(1, Math.ceil(this.#flushSeconds));
      throw new PopserveError('RATE_LIMITED', 'this PoP takes no more feedback until its next report', {
        retryAfterSeconds,
      });
    }
    held.set(key, { ...claim, counts });
  }

  /** Moves out what is held for a model; undefined if there is nothing. */
  take(model: string): Told[] | undefined {
    const held = this.#held.get(model);
    if (held === undefined || held.size === 0) return undefined;
    this.#held.delete(model);
    return [...held.values()];
  }
}
