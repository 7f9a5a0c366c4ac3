// What a benchmark leaves lying about while it runs, processes and folders: gone with it, however it ends.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(tmpdir(), `popserve-bench-${process.pid}`);
const children = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.once(signal, () => process.exit(128 + number));
}

/** A new folder under the run's own. */
export async function scratchFolder(): Promise<string> {
  mkdirSync(root, { recursive: true });
  return await mkdtemp(join(root, 'x'));
}

/** Ends the process with this one, should nobody have stopped it. */
export function keepTrackOf(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}
