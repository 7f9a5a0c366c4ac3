// Folders that a benchmark needs while it runs: gone with it, however it ends.
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dieOfSignals, onProcessEnd } from '../../build/process-end.ts';

const root = join(tmpdir(), `popserve-bench-${process.pid}`);

dieOfSignals();
onProcessEnd(() => rmSync(root, { recursive: true, force: true }));

/** A new folder under the run's own. */
export async function scratchFolder(): Promise<string> {
  mkdirSync(root, { recursive: true });
  return await mkdtemp(join(root, 'x'));
}
