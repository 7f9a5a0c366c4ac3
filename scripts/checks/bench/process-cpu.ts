// The processor time that a process has taken, all its threads together. Unlike wall time it hardly depends on what else runs.
import { readdir, readFile } from 'node:fs/promises';

/**
 * To the nanosecond for the threads that live, which are all threads of workerd that ever worked.
 * @returns milliseconds
 * @throws Error where the system has no /proc
 */
export async function processCpuMs(pid: number): Promise<number> {
  let nanoseconds = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0');
    nanoseconds += Number(text.split(' ')[0]);
  }
  return nanoseconds / 1e6;
}
