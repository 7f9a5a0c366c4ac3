// Ends everything that must not outlive the process: children and temporary folders, whichever way it ends short of a kill.
import { constants } from 'node:os';

/**
 * Runs `cleanup` if the process ends before the handle is disposed. It runs at the very end, so it must not wait for anything.
 *
 * @example
 * using _ = onProcessEnd(() => child.kill('SIGKILL'));
 */
export function onProcessEnd(cleanup: () => void): Disposable {
  process.on('exit', cleanup);
  return { [Symbol.dispose]: () => void process.off('exit', cleanup) };
}

/**
 * Lets `exit` listeners run on a signal, which Node does not do by itself, and then dies of it as a shell expects. Call it before
 * anything else listens for signals.
 */
export function dieOfSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      process.on('exit', () => {
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      });
      process.exit(128 + constants.signals[signal]);
    });
  }
}

/** Waits for a signal to end, which from now on ends the wait and not the process. */
export function untilSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal);
    process.once(signal, () => resolve());
  }
  return promise;
}

/**
 * Ends the process with this status, once all that was written has been taken. What still runs or listens is not waited for.
 */
export async function endProcess(status: number): Promise<never> {
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  process.exit(status);
}

/** A pipe takes what is written in its own time; a reader that has gone takes nothing, which is no reason to wait. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) return resolve();
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
