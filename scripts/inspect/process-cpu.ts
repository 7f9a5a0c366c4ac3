// The processor time of another process, thread by thread, where the system tells it (Linux). Time on the processor does not grow
// with the load of the machine as time on the clock does.
import { readdir, readFile } from 'node:fs/promises';

/** Nanoseconds on the processor by thread; empty where the system has no /proc or the process has ended. */
export type ThreadTimes = ReadonlyMap<string, number>;

/** The process that was started with this text in its environment, or null where the system does not tell. */
export async function findProcess(mark: string): Promise<number | null> {
  const names = await readdir('/proc').catch(() => []);
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(mark)) return Number(name);
  }
  return null;
}

/** @see https://docs.kernel.org/scheduler/sched-stats.html the first number of schedstat is the time spent on the processor, ns */
export async function threadTimes(pid: number): Promise<ThreadTimes> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const times = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '');
      return [thread, Number.parseInt(text, 10)] as const;
    }),
  );
  return new Map(times.filter(([, time]) => Number.isFinite(time)));
}

/**
 * Time of the thread that was busiest between two readings. A run of a model is on one thread; the other threads compile and collect.
 * @returns milliseconds, or null where nothing was read
 */
export function busiestMs(before: ThreadTimes, after: ThreadTimes): number | null {
  let most: number | null = null;
  for (const [thread, time] of after) most = Math.max(most ?? 0, time - (before.get(thread) ?? 0));
  return most === null ? null : most / 1e6;
}
