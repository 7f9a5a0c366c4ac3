// A Node process for work on files from outside, with a limit on its memory and on the time between its messages.
// Whatever the file makes native code do (hang, abort, fill the memory), only that process is lost.
import { execFile, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { childEnvironment } from '../build/child-environment.ts';
import { onProcessEnd } from '../build/process-end.ts';

export interface GuardLimits {
  /** From one message to the next, and from the last to the end. */
  readonly timeoutMs: number;
  readonly memoryMib: number;
}

const pollMs = 50;
const keptStderr = 2_000;

/**
 * Runs a module as a process of its own, which answers with messages.
 * @param onMessage gets what the process sends, one after the other; a true that it returns is sent back. Where it fails the process is
 * stopped, and this function fails with the same
 * @returns why the process did not end well, as the end of a sentence ("was stopped after 60 s"), or null
 */
export async function runGuarded(
  command: { readonly module: string; readonly args: readonly string[]; readonly nodeFlags: readonly string[] },
  limits: GuardLimits,
  onMessage: (message: unknown) => unknown,
): Promise<string | null> {
  const child = fork(command.module, [...command.args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...command.nodeFlags],
    serialization: 'json',
    env: childEnvironment(process.env),
  });
  // Native code that hangs does not notice that nobody listens any more.
  using _ = onProcessEnd(() => child.kill('SIGKILL'));
  let stopped: string | null = null;
  const stop = (reason: string) => {
    stopped ??= reason;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => stop(`was stopped after ${limits.timeoutMs / 1000} s`), limits.timeoutMs);
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => {
    stderr = (stderr + data.toString()).slice(-keptStderr);
  });
  let attended: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;
  child.on('message', (message) => {
    timer.refresh();
    attended = attended.then(async () => {
      if (failure !== undefined) return;
      try {
        const reply = await onMessage(message);
        timer.refresh();
        // It may have ended meanwhile: that is told by its end.
        if (reply === true && child.connected) child.send(true, () => {});
      } catch (error) {
        failure = { error };
        stop('was stopped');
      }
    });
  });
  const ended = new Promise<string | null>((resolve) => {
    child.on('error', (error) => resolve(`could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      if (stopped !== null) resolve(stopped);
      else if (code === 0) resolve(null);
      else resolve(`ended with ${signal ?? `exit status ${code}`}${lastWords(stderr)}`);
    });
  });
  const watching = new AbortController();
  void watchMemory(child.pid, limits.memoryMib, stop, watching.signal);
  try {
    const end = await ended;
    await attended;
    if (failure !== undefined) throw failure.error;
    return end;
  } finally {
    clearTimeout(timer);
    watching.abort();
    child.kill('SIGKILL');
  }
}

async function watchMemory(
  pid: number | undefined,
  limitMib: number,
  stop: (reason: string) => void,
  signal: AbortSignal,
): Promise<void> {
  while (pid !== undefined && !signal.aborted) {
    const mib = await residentMib(pid);
    if (mib === null || signal.aborted) return;
    if (mib > limitMib) return stop(`was stopped at ${Math.round(mib)} MiB of memory, limit ${limitMib} MiB`);
    await delay(pollMs, undefined, { signal }).catch(() => {});
  }
}

/** Memory that the process holds, or null once it has ended. */
async function residentMib(pid: number): Promise<number | null> {
  try {
    if (process.platform === 'linux') {
      const kib = /VmRSS:\s*(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
      return kib === undefined ? null : Number(kib) / 1024;
    }
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
    return Number(stdout.trim()) / 1024;
  } catch {
    return null;
  }
}

function lastWords(stderr: string): string {
  const line = stderr.split('\n').findLast((text) => text.trim() !== '');
  return line === undefined ? '' : ` (${line.trim().slice(0, 300)})`;
}
