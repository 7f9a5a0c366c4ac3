// A local PoP with the models that fuzzing asks, and what its isolate holds.
import type { Statistics } from '../../../registry/api/statistics.ts';
import { sha256Digest } from '../../../registry/digests.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { type Pop, startPop } from '../../local-pop/pop.ts';
import { HttpSender } from '../http-sender.ts';
import { measureJsMemory } from '../isolate-memory.ts';
import { unmeasuredManifest } from '../unmeasured-manifest.ts';
import { adder, type FuzzModel, kindsModel } from './fuzz-models.ts';

export async function startFuzzPop(onLog: (line: string) => void = () => {}): Promise<Pop> {
  const pop = await startPop({ directory: null, port: 0, inspect: true, onLog });
  for (const model of [adder, kindsModel]) await releaseModel(pop, model);
  return pop;
}

/** Stores a model and routes it. @param changes to its manifest */
export async function releaseModel(
  { url, token }: Pop,
  { name, bytes, signature }: FuzzModel,
  changes: Partial<Manifest> = {},
): Promise<void> {
  const artifact = Uint8Array.from(bytes);
  const digest = await sha256Digest(artifact);
  const manifest = unmeasuredManifest(name, '1', { digest, bytes: bytes.length }, signature, changes);
  using sender = new HttpSender({ connections: 1, longestMs: 30_000 });
  const operate = async (method: string, path: string, body: string | Uint8Array) => {
    const headers = { authorization: `Bearer ${token}` };
    const { status, body: answer } = await sender.send(Number(url.port), { method, path, headers, body });
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${answer.toString()}`);
  };
  await operate('PUT', `/registry/blobs/${digest}`, artifact);
  await operate('PUT', `/registry/models/${name}/versions/1`, JSON.stringify(manifest));
  await operate('POST', `/registry/models/${name}/routes`, JSON.stringify({ action: 'activate', version: '1' }));
}

/** Bytes that the isolate holds in JS. @param options.collect after full garbage collections, which is the default */
export async function isolateBytes({ miniflare, url }: Pop, options: { collect?: boolean } = {}): Promise<number> {
  const inspector = new URL('/core:user:popserve', await miniflare.getInspectorURL());
  return await measureJsMemory(inspector, new URL('/v2/health/live', url), options);
}

/** Bytes that the ledger counts for requests. */
export async function heldForRequests({ url }: Pop): Promise<number> {
  const answer = await fetch(new URL('/v2/models/stats', url), { headers: { connection: 'close' } });
  const { popserve_memory: memory } = (await answer.json()) as Statistics;
  if (memory === undefined) throw new Error('the statistics do not tell the memory');
  return memory.bodies + memory.decoded + memory.answers + memory.shadows + memory.control;
}
