// Starts node-server.ts as a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onProcessEnd } from '../../build/process-end.ts';
import type { BenchModel } from './models.ts';
import { scratchFolder } from './scratch.ts';

export interface NodePeer {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startNodePeer(runtime: 'native' | 'wasm', model: BenchModel): Promise<NodePeer> {
  const folder = await scratchFolder();
  const signature = join(folder, 'signature.json');
  await writeFile(signature, JSON.stringify(model.manifest.signature));
  const child = fork(join(import.meta.dirname, 'node-server.ts'), [runtime, model.onnxFile, signature], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const orphan = onProcessEnd(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').finally(() => orphan[Symbol.dispose]());
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const message = await Promise.race([once(child, 'message'), ended.then(() => null)]);
  if (message === null) {
    await stop();
    throw new Error(`the ${runtime} peer ended before it listened`);
  }
  return { port: (message[0] as { port: number }).port, stop };
}
