// The victim of an attack: a caller of another, small model, with a key and a connection of its own, who asks at a steady pace.
import { setTimeout as delay } from 'node:timers/promises';
import { HttpSender } from '../http-sender.ts';
import { quantile } from '../summarise.ts';
import { count, type Latency } from './kind.ts';
import { victimModel } from './models.ts';
import { sendAs, type Target } from './target.ts';

const everyMs = 20;
const request = {
  method: 'POST',
  path: `/v2/models/${victimModel.name}/infer`,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] }),
} as const;

export class Victim implements Disposable {
  readonly #target: Target;
  readonly #sender = new HttpSender({ connections: 1, longestMs: 10_000 });

  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * Asks every 20 ms. A request counts from the time at which it was due, so that one that waits delays those behind it in the
   * figures as well.
   * @param errors gets what was wrong with answers
   * @returns milliseconds of each answer
   */
  async ask(forMs: number, errors: Record<string, number>): Promise<number[]> {
    const took: number[] = [];
    const begunMs = performance.now();
    for (let due = begunMs; due < begunMs + forMs; due += everyMs) {
      const early = due - performance.now();
      if (early > 0) await delay(early);
      const fault = await this.once();
      if (fault !== null) count(errors, fault);
      took.push(performance.now() - due);
    }
    return took;
  }

  /** @returns what is wrong with the answer, or null */
  async once(): Promise<string | null> {
    try {
      const { status, body } = await sendAs(this.#sender, this.#target, this.#target.victim, request);
      const answer = body.toString();
      if (status !== 200) return `${status} ${answer.slice(0, 200)}`;
      return answer.includes('[11,12]') ? null : `a wrong answer: ${answer.slice(0, 200)}`;
    } catch (error) {
      return `no answer: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  [Symbol.dispose](): void {
    this.#sender[Symbol.dispose]();
  }
}

/** Null for a victim who was not watched. */
export function latencyOf(took: readonly number[]): Latency | null {
  if (took.length === 0) return null;
  return { medianMs: quantile(took, 0.5), p99Ms: quantile(took, 0.99), count: took.length };
}
