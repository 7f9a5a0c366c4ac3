// The machine memory that a process holds, for where the isolate's own numbers are not the whole truth.
import { readFile } from 'node:fs/promises';

/** @throws Error where the system has no /proc */
export async function residentMemoryBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
