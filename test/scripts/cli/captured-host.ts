// A host for tests: what the command prints is kept, waiting takes no time and is kept as well.
import type { Host } from '../../../scripts/cli/host.ts';
import { run } from '../../../scripts/cli/program.ts';
import { token } from './scripted-pop.ts';

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  /** How long the command wanted to wait, in order, ms. */
  readonly waits: readonly number[];
}

/** Runs `popserve <args>` in this process against the PoP at `url`. */
export async function runCommand(args: readonly string[], url: string, overrides: Partial<Host> = {}): Promise<Ran> {
  const ran = { out: '', err: '', waits: [] as number[] };
  const status = await run(args, {
    env: { POPSERVE_URL: url, POPSERVE_TOKEN: token, POPSERVE_ACTOR: 'somebody' },
    out: (text) => {
      ran.out += text;
    },
    err: (text) => {
      ran.err += text;
    },
    terminalColumns: null,
    screenColumns: null,
    readStdin: async () => new Uint8Array(),
    wait: async (ms) => {
      ran.waits.push(ms);
    },
    now: () => new Date('2026-11-24T12:00:00Z'),
    prepare: () => Promise.reject(new Error('nothing to prepare in this test')),
    ...overrides,
  });
  return { status, ...ran };
}

/** The command against a PoP, wherever that is when the command runs. */
export function commandFor(pop: { readonly url: string }): (...args: string[]) => Promise<Ran> {
  return (...args) => runCommand(args, pop.url);
}
