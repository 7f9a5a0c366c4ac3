// Answers the calls of `npm run engines`: each engine holds one model, runs happen without anything around them.
import { decodeFrame, encodeFrame, type RawTensor } from '../../../../../worker/protocol/raw-frame.ts';
import type { EngineLoad, EngineRun } from '../bench-protocol.ts';
import type { Engine, LoadedModel } from './engine.ts';

export function serveEngines(engines: Readonly<Record<string, Engine>>) {
  const loaded = new Map<string, LoadedModel>();
  return {
    async fetch(request: Request): Promise<Response> {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === '/live') return Response.json({ live: true });
      const name = searchParams.get('engine') ?? '';
      const engine = engines[name];
      if (engine === undefined) return new Response(`there is no engine '${name}'`, { status: 404 });
      const body = await request.bytes();
      if (pathname === '/load') {
        await loaded.get(name)?.release();
        loaded.set(name, await engine.load(body));
        return Response.json({ heapBytes: engine.heapBytes } satisfies EngineLoad);
      }
      const model = loaded.get(name);
      if (model === undefined) return new Response('no model was loaded', { status: 409 });
      const tensors = decodeFrame(body).tensors.map(aligned);
      if (pathname === '/answer') return new Response(encodeFrame({ tensors: await model.run(tensors), extra: {} }));
      const repeat = Number(searchParams.get('repeat'));
      for (let run = 0; run < repeat; run++) await model.run(tensors);
      return Response.json({ runs: repeat, heapBytes: engine.heapBytes } satisfies EngineRun);
    },
  };
}

/** Elements of four bytes are read in place: they may not begin in the middle of one. */
function aligned(tensor: RawTensor): RawTensor {
  return tensor.data instanceof Uint8Array ? { ...tensor, data: tensor.data.slice() } : tensor;
}
