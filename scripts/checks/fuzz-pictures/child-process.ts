// The workerd process that runs below this one.
import { readFile } from 'node:fs/promises';

/** @throws {Error} where there is none, or the system has no /proc */
export async function workerdOf(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  for (const child of children.trim().split(' ').map(Number)) {
    if ((await readFile(`/proc/${child}/comm`, 'utf8')).startsWith('workerd')) return child;
  }
  throw new Error(`process ${pid} has no workerd below it`);
}
