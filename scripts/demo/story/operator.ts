// The operator of the story: types `popserve` commands and reads what they print.
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../../cli/program.ts';
import type { Inspector } from '../../inspect/inspector.ts';
import { preparePublication } from '../../validation/prepare-publication.ts';

export interface Ran {
  /** As it would be typed. */
  readonly command: string;
  readonly status: number;
  /** Its output with `--json`. */
  readonly value: unknown;
}

export class Operator {
  readonly #env: Readonly<Record<string, string>>;
  readonly #inspector: Inspector;
  readonly #doing: (text: string) => void;

  /**
   * @param inspector where models are examined; stays open
   * @param doing gets the steps of an examination
   */
  constructor({ url, token }: { url: URL; token: string }, inspector: Inspector, doing: (text: string) => void) {
    this.#inspector = inspector;
    this.#doing = doing;
    this.#env = { POPSERVE_URL: url.href, POPSERVE_TOKEN: token, POPSERVE_ACTOR: 'demo' };
  }

  /** Runs one command to its end, whatever comes of it. */
  async try(...args: readonly string[]): Promise<Ran> {
    let out = '';
    const status = await run([...args, '--json'], {
      env: this.#env,
      out: (text) => {
        out += text;
      },
      err: () => {},
      terminalColumns: null,
      screenColumns: null,
      readStdin: async () => new Uint8Array(),
      wait: (ms) => delay(ms),
      now: () => new Date(),
      prepare: (options, progress) => {
        const step = (text: string) => this.#doing(`publishing version ${options.version}: ${text}`);
        return preparePublication(options, { step, note: (text) => progress.note(text) }, this.#inspector);
      },
    });
    return { command: `npx popserve ${args.join(' ')}`, status, value: JSON.parse(out) };
  }

  /** @throws Error with what the command said */
  async do<T>(...args: readonly string[]): Promise<T> {
    // biome-ignore lint/plugin: the words of a command line
    const { command, status, value } = await this.try(...args);
    if (status !== 0) throw new Error(`${command}: ${(value as { error?: string }).error ?? `exit status ${status}`}`);
    return value as T;
  }
}
