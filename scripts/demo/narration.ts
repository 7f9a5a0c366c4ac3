// What an audience reads while the story goes on: a line for what was found, and after seconds of silence one for what is being done.
import type { Narrator } from './story/storyteller.ts';

/** Longer, and a reader wonders whether anything goes on. */
const longestSilenceMs = 5000;

export class Narration implements Narrator, Disposable {
  readonly #write: (text: string) => void;
  readonly #startedMs = performance.now();
  #doing: { readonly text: string; readonly sinceMs: number } | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  chapter(title: string): void {
    this.#say(`\n${this.elapsed}  ${title}`);
  }

  fact(text: string): void {
    this.#say(`${this.elapsed}    ${text}`);
  }

  doing(text: string): void {
    if (this.#doing?.text !== text) this.#doing = { text, sinceMs: performance.now() };
    this.#timer ??= this.#awaitSilence();
  }

  /** Since the beginning, in seconds. */
  get elapsed(): string {
    return `${((performance.now() - this.#startedMs) / 1000).toFixed(1).padStart(6)} s`;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#doing = null;
  }

  #say(text: string): void {
    this.#write(text);
    if (this.#doing === null) return;
    clearTimeout(this.#timer);
    this.#timer = this.#awaitSilence();
  }

  #awaitSilence(): NodeJS.Timeout {
    return setTimeout(() => this.#tellDoing(), longestSilenceMs).unref();
  }

  #tellDoing(): void {
    if (this.#doing === null) return;
    const seconds = Math.round((performance.now() - this.#doing.sinceMs) / 1000);
    this.#say(`${this.elapsed}    … ${this.#doing.text}${seconds > 0 ? `, for ${seconds} s` : ''}`);
  }
}
