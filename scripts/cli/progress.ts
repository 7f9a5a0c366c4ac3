// Progress of long work on standard error: on a terminal one line that is written over, elsewhere a line for each step that takes long,
// and announcements that stay.
import type { Progress } from '../publish/options.ts';
import type { Host } from './host.ts';
import { printable } from './printable.ts';

const clearLine = '\r\x1b[2K';

/** Shows the current step: on a terminal with the seconds it has taken, in a log if it takes long. Always `end` it. */
export class TerminalProgress implements Progress {
  readonly #host: Host;
  #message: string | null = null;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  step(message: string): void {
    if (this.#host.terminalColumns === null) {
      this.#logIfSlow(printable(message));
      return;
    }
    this.#message = printable(message);
    this.#startedAt = this.#host.now().getTime();
    this.#timer ??= setInterval(() => this.#draw(), 1000).unref();
    this.#draw();
  }

  note(message: string): void {
    if (this.#host.terminalColumns === null) return;
    this.#host.err(`${clearLine}${printable(message)}\n`);
    this.#draw();
  }

  /** Says what is to be known before the work goes on, on a terminal or elsewhere. */
  tell(message: string): void {
    this.end();
    this.#host.err(`${printable(message)}\n`);
  }

  /** Takes the line away, so that the result starts on a clean one. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#message !== null) this.#host.err(clearLine);
    this.#message = null;
  }

  #logIfSlow(message: string): void {
    clearTimeout(this.#timer);
    const { slowStepMs } = this.#host;
    if (slowStepMs !== undefined) this.#timer = setTimeout(() => this.#host.err(`${message} …\n`), slowStepMs).unref();
  }

  #draw(): void {
    if (this.#message === null) return;
    const seconds = Math.floor((this.#host.now().getTime() - this.#startedAt) / 1000);
    const end = ` …${seconds > 0 ? ` ${seconds} s` : ''}`;
    // A line that wraps could not be written over; the seconds are what moves, so the message gives way.
    const room = Math.max(20, (this.#host.terminalColumns ?? 80) - 1) - end.length;
    this.#host.err(clearLine + this.#message.slice(0, room) + end);
  }
}
