// The one way in which the command prints: whatever it prints passes through here, so that no text of others reaches the terminal as
// it came.
import type { Host } from './host.ts';
import { layOut } from './layout.ts';
import { printable, printableJson, printableLines } from './printable.ts';
import type { Report } from './report.ts';

export class Screen {
  readonly #host: Pick<Host, 'out' | 'err' | 'screenColumns'>;

  constructor(host: Pick<Host, 'out' | 'err' | 'screenColumns'>) {
    this.#host = host;
  }

  /** The result of a command, in one of its forms. */
  report(report: Report, json: boolean): void {
    const text = json
      ? printableJson(report.json?.() ?? JSON.stringify(report.value, null, 2))
      : layOut(report.lines, this.#host.screenColumns).map(printable).join('\n');
    this.#host.out(`${text}\n`);
  }

  json(value: unknown): void {
    this.#host.out(`${printableJson(JSON.stringify(value, null, 2))}\n`);
  }

  /** Commander's own help and versions, as they come. */
  help(text: string): void {
    this.#host.out(printableLines(text));
  }

  /** To standard error: one line. */
  error(line: string): void {
    this.#host.err(`${printable(line)}\n`);
  }

  /** To standard error: several lines. */
  details(text: string): void {
    this.#host.err(`${printableLines(text)}\n`);
  }
}
