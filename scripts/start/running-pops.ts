// The local PoPs of a project that run at the moment, so that the command finds them on whatever port and with whatever data they
// were started. A mark counts while its process lives: one that a crash left behind is nobody's.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const runningPopSchema = z.object({ url: z.url(), data: z.string(), pid: z.int().min(1) });

export type RunningPop = z.infer<typeof runningPopSchema>;

/** @returns takes the mark away */
export function markRunning(project: string, pop: Omit<RunningPop, 'pid'>): Disposable {
  const folder = folderOf(project);
  const file = join(folder, `${process.pid}.json`);
  try {
    mkdirSync(folder, { recursive: true });
    for (const { pid } of marksIn(folder)) if (!isAlive(pid)) rmSync(join(folder, `${pid}.json`), { force: true });
    writeFileSync(file, `${JSON.stringify({ ...pop, pid: process.pid })}\n`);
  } catch {
    // A project that cannot be written to: its commands name the PoP by POPSERVE_URL and POPSERVE_DATA.
  }
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

export function runningPops(project: string): RunningPop[] {
  return marksIn(folderOf(project)).filter(({ pid }) => isAlive(pid));
}

function folderOf(project: string): string {
  return join(project, '.popserve', 'running');
}

function marksIn(folder: string): RunningPop[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.sort().flatMap((name) => {
    try {
      return [runningPopSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))];
    } catch {
      // It is being written, or gone.
      return [];
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
