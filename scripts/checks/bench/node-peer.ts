// Starts the peers that are Node servers, each as a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onProcessEnd } from '../../build/process-end.ts';
import type { BenchModel } from './models.ts';
import { scratchFolder } from './scratch.ts';
import { writeTransformersFolder } from './transformers-folder.ts';

export interface NodePeer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startNodePeer(runtime: 'native' | 'wasm', model: BenchModel): Promise<NodePeer> {
  const folder = await scratchFolder();
  const signature = join(folder, 'signature.json');
  await writeFile(signature, JSON.stringify(model.manifest.signature));
  return await startServer('node-server.ts', [runtime, model.onnxFile, signature], folder);
}

/** @param labels of the model's classes, in their order */
export async function startTransformers({ name, onnx }: BenchModel, labels: readonly string[]): Promise<NodePeer> {
  const folder = await scratchFolder();
  await writeTransformersFolder(join(folder, name), onnx, labels);
  return await startServer('transformers-server.ts', [folder, name], folder);
}

/** @param folder removed when the server has ended */
async function startServer(file: string, args: readonly string[], folder: string): Promise<NodePeer> {
  const child = fork(join(import.meta.dirname, file), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const orphan = onProcessEnd(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').finally(() => orphan[Symbol.dispose]());
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const message = await Promise.race([once(child, 'message'), ended.then(() => null)]);
  if (message === null || child.pid === undefined) {
    await stop();
    throw new Error(`${file} ended before it listened`);
  }
  return { port: (message[0] as { port: number }).port, pid: child.pid, stop };
}
