// A local PoP with the models that fuzzing asks, and what its isolate holds.
import { sha256Digest } from '../../../registry/digests.ts';
import { manifestSchema } from '../../../registry/manifest.ts';
import { type Pop, startPop } from '../../local-pop/pop.ts';
import { adder, type FuzzModel, kindsModel } from './fuzz-models.ts';
import { Sender } from './sender.ts';

export async function startFuzzPop(onLog: (line: string) => void = () => {}): Promise<Pop> {
  const pop = await startPop({ directory: null, port: 0, inspect: true, onLog });
  for (const model of [adder, kindsModel]) await release(pop, model);
  return pop;
}

async function release({ url, token }: Pop, { name, bytes, inputs, outputs }: FuzzModel): Promise<void> {
  const artifact = Uint8Array.from(bytes);
  const digest = await sha256Digest(artifact);
  const manifest = manifestSchema.parse({
    schema: 1,
    model: name,
    version: '1',
    artifacts: { model: { digest, bytes: bytes.length, format: 'onnx' } },
    signature: { inputs, outputs },
    runtime: { onnxruntime: '1.30.0', graphOptimization: 'all', profiles: {} },
    warmup: inputs.map((input) => ({ name: input.name, shape: input.shape.map((size) => Math.max(size, 1)) })),
    tolerance: { absolute: 1e-3, relative: 1e-3 },
    source: { file: 'model.onnx', digest, bytes: bytes.length },
  });
  using sender = new Sender(url, 1);
  const operate = async (method: string, path: string, body: string | Uint8Array) => {
    const headers = { authorization: `Bearer ${token}` };
    const { status, body: answer } = await sender.send({ method, path, headers, body: Buffer.from(body as string) });
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${answer.toString()}`);
  };
  await operate('PUT', `/registry/blobs/${digest}`, artifact);
  await operate('PUT', `/registry/models/${name}/versions/1`, JSON.stringify(manifest));
  await operate('POST', `/registry/models/${name}/routes`, JSON.stringify({ action: 'activate', version: '1' }));
}

/**
 * Bytes that the isolate holds in JS after full garbage collections: V8's heap in use and the buffers behind it. The memory of
 * the WASM heap is shared and in neither.
 */
export async function isolateBytes({ miniflare, url }: Pop): Promise<number> {
  const inspector = await miniflare.getInspectorURL();
  const socket = new WebSocket(new URL('/core:user:popserve', inspector));
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the inspector refused the connection')));
    });
    // Finalisers run after a collection and free what the next one finds.
    for (let collection = 0; collection < 3; collection++) await ask(socket, url, 'HeapProfiler.collectGarbage');
    const usage = await ask(socket, url, 'Runtime.getHeapUsage');
    return Number(usage.usedSize) + Number(usage.backingStorageSize);
  } finally {
    socket.close();
  }
}

/** An idle isolate runs no tasks, and a collection is one: requests keep it going until it is done. */
async function ask(socket: WebSocket, url: URL, method: string): Promise<Record<string, unknown>> {
  const id = Math.floor(Math.random() * 2 ** 30);
  let answer: Record<string, unknown> | undefined;
  const listen = ({ data }: MessageEvent) => {
    const message = JSON.parse(String(data)) as { id?: number; result?: Record<string, unknown> };
    if (message.id === id) answer = message.result ?? {};
  };
  socket.addEventListener('message', listen);
  socket.send(JSON.stringify({ id, method }));
  for (let poke = 0; answer === undefined && poke < 1000; poke++) {
    await fetch(new URL('/v2/health/live', url)).then(
      (answer) => answer.arrayBuffer(),
      // An idle connection that was just closed: the next poke does it.
      () => undefined,
    );
  }
  socket.removeEventListener('message', listen);
  if (answer === undefined) throw new Error(`${method}: the inspector is silent`);
  return answer;
}
