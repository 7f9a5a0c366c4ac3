// Runs wrangler for a project's file and environment. How it ends is a value: the caller knows which refusals are answers.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { PopserveError } from '../../registry/errors.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { locateTool } from '../build/operator-tools.ts';
import { onProcessEnd } from '../build/process-end.ts';

export interface Ended {
  readonly ok: boolean;
  readonly stdout: string;
  /** What went wrong, in wrangler's words, on one line; empty if nothing did. */
  readonly fault: string;
  /** The platform's code of a refusal. */
  readonly code: number | null;
  /** What wrangler tells machines about a deployment. */
  readonly deployment: Deployed | null;
}

const deployedSchema = z.object({
  type: z.literal('deploy'),
  version_id: z.string().nullable(),
  targets: z.array(z.string()).default([]),
});

export type Deployed = z.infer<typeof deployedSchema>;

const failedSchema = z.object({ type: z.literal('command-failed'), code: z.number().optional(), message: z.string() });

export interface Wrangler {
  /** @param args without `--config` and `--env` */
  run(args: readonly string[], options?: { readonly inEnvironment?: boolean }): Promise<Ended>;
}

/**
 * @param env of the process; wrangler takes its credentials from it
 * @param config path of the wrangler file
 * @param environment the empty text is the top level
 */
export function wranglerFor(env: NodeJS.ProcessEnv, folder: string, config: string, environment: string): Wrangler {
  return {
    async run(args, { inEnvironment = true } = {}) {
      const named = inEnvironment ? ['--config', config, '--env', environment] : ['--config', config];
      return await runWrangler([...args, ...named], folder, env);
    },
  };
}

async function runWrangler(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  const scratch = await mkdtemp(join(tmpdir(), 'popserve-wrangler-'));
  const record = join(scratch, 'output.ndjson');
  try {
    const { status, stdout, stderr } = await new Promise<{ status: number; stdout: string; stderr: string }>(
      (resolve) => {
        const child = execFile(
          process.execPath,
          [locateTool('wrangler', join('bin', 'wrangler.js')), ...args],
          {
            cwd,
            maxBuffer: 64 * mebibyte,
            env: {
              ...env,
              // wrangler asks nothing and decides by its documented defaults.
              CI: 'true',
              WRANGLER_OUTPUT_FILE_PATH: record,
              WRANGLER_HIDE_BANNER: 'true',
              WRANGLER_SEND_METRICS: 'false',
              NO_COLOR: '1',
              FORCE_COLOR: '0',
            },
          },
          (error, out, err) => resolve({ status: error === null ? 0 : 1, stdout: out, stderr: err }),
        );
        // wrangler.js starts another Node and ends it on SIGTERM; SIGKILL would leave that one running.
        const unregister = onProcessEnd(() => child.kill('SIGTERM'));
        child.once('exit', () => unregister[Symbol.dispose]());
      },
    );
    const entries = await readRecord(record);
    const failure = entries.map((entry) => failedSchema.safeParse(entry).data).find((entry) => entry !== undefined);
    const ok = status === 0 && failure === undefined;
    return {
      ok,
      stdout,
      fault: ok ? '' : readFault(stdout + stderr, failure?.message),
      code: failure?.code ?? null,
      deployment:
        entries.map((entry) => deployedSchema.safeParse(entry).data).find((entry) => entry !== undefined) ?? null,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @throws {PopserveError} UNAVAILABLE with wrangler's words, unless it ended well */
export function requireOk(ended: Ended, doing: string): Ended {
  if (ended.ok) return ended;
  throw new PopserveError('UNAVAILABLE', `${doing}: ${ended.fault}`);
}

async function readRecord(path: string): Promise<unknown[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

/** The message and the notes below it, which name the platform's refusal; not the paths of logs and the invitation to report. */
function readFault(output: string, message: string | undefined): string {
  const lines = stripColours(output)
    .split('\n')
    .map((line) => line.trim());
  const start = lines.findIndex((line) => line.includes('[ERROR]'));
  const told = start === -1 ? [] : lines.slice(start);
  const end = told.findIndex((line) => /If you think this is a bug|Logs were written/.test(line));
  const words = told.slice(0, end === -1 ? undefined : end).filter((line) => line !== '');
  const text = words.join(' ').replace(/^.*?\[ERROR\]\s*/, '');
  return (
    text ||
    message ||
    lines
      .filter((line) => line !== '')
      .slice(-3)
      .join(' ') ||
    'wrangler failed and said nothing'
  );
}

function stripColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters of terminal colours.
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
