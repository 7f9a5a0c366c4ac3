// The session layer over HTTP, for `popserve publish`, the operator conformance suite and benchmarks: one or several runtimes, each
// with a heap of its own. `?engine=` names the runtime; without it the first is meant.
import { Hono } from 'hono';
import { PopserveError } from '../../../registry/errors.ts';
import { datatypeOf, elementTypeName } from '../../../worker/protocol/element-type.ts';
import { decodeFrame, encodeFrame } from '../../../worker/protocol/raw-frame.ts';
import { HeapBrokenError, HeapFullError, OrtError, RefusedError } from '../../../worker/runtime/heap-errors.ts';
import type { InspectedEngine, InspectedHeap, ValueOfSession } from './inspected-engine.ts';

interface InspectorEnv {
  HEAP_LIMIT_MIB: string;
}

type AnyEngine = Pick<InspectedEngine, 'heap' | 'restart' | 'drop' | 'load' | 'session' | 'release'>;

/** @param engines by name, the usual one first */
export function inspectionApp(engines: Readonly<Record<string, AnyEngine>>): Hono<{ Bindings: InspectorEnv }> {
  let nextId = 1;

  const engineOf = (name = Object.keys(engines)[0] ?? ''): AnyEngine => {
    const engine = Object.hasOwn(engines, name) ? engines[name] : undefined;
    if (engine === undefined) throw new PopserveError('NOT_FOUND', `there is no runtime '${name}' here`);
    return engine;
  };
  const limitOf = (env: InspectorEnv) => Number(env.HEAP_LIMIT_MIB);

  const app = new Hono<{ Bindings: InspectorEnv }>();

  /**
   * Loads the body as a model: `?fill=true|false`; in onnxruntime with
   * `&format=ort|onnx&profile=fast|lean&optimization=disabled|basic|extended|all`.
   */
  app.post('/sessions', async (c) => {
    const body = new Uint8Array(await c.req.arrayBuffer());
    const options = { limitMib: limitOf(c.env), fill: c.req.query('fill') === 'true' };
    const [id, engine] = [String(nextId++), engineOf(c.req.query('engine'))];
    const { session, heap, createMs, emptyBytes } = await engine.load(id, body, options, (name) => c.req.query(name));
    const [inputs, outputs] = [session.inputs.map(describe), session.outputs.map(describe)];
    return c.json({ id, createMs, emptyBytes, heap: describeHeap(heap), inputs, outputs }, 201);
  });

  /**
   * Runs on a raw frame, `?repeat=N` times or until `?limit_ms`; answers with the outputs of the first run, or with
   * `?discard=true` with nothing but their size, and the time of all.
   */
  app.post('/sessions/:id/run', async (c) => {
    const id = c.req.param('id');
    const inspected = Object.values(engines).flatMap((engine) => engine.session(id) ?? [])[0];
    if (!inspected) throw new PopserveError('NOT_FOUND', `no session ${id}`);
    const frame = decodeFrame(new Uint8Array(await c.req.arrayBuffer()));
    const outputs = (frame.extra.outputs as string[] | undefined) ?? inspected.session.outputs.map(({ name }) => name);
    const repeat = Number(c.req.query('repeat') ?? 1);
    const limitMs = Number(c.req.query('limit_ms') ?? Number.POSITIVE_INFINITY);
    const discard = c.req.query('discard') === 'true';
    let answer = new Uint8Array();
    let outputBytes = 0;
    let runs = 0;
    const started = performance.now();
    do {
      inspected.session.run(frame.tensors, outputs, (tensors) => {
        if (runs++ > 0) return;
        const named = tensors.map((tensor, index) => ({ name: outputs[index] ?? '', ...tensor }));
        outputBytes = tensors.reduce((sum, { data }) => sum + byteLength(data), 0);
        if (!discard) answer = encodeFrame({ tensors: named, extra: {} });
      });
    } while (runs < repeat && performance.now() - started < limitMs);
    // Clocks here have a resolution of 1 ms: only the sum over many runs tells anything.
    const totalMs = performance.now() - started;
    return c.body(answer, 200, {
      'content-type': 'application/octet-stream',
      'popserve-runs': String(runs),
      'popserve-run-ms': String(totalMs / runs),
      'popserve-output-bytes': String(outputBytes),
      'popserve-heap': JSON.stringify(describeHeap(inspected.heap)),
    });
  });

  app.delete('/sessions/:id', (c) => {
    const id = c.req.param('id');
    return c.json({ released: Object.values(engines).some((engine) => engine.release(id)) });
  });

  app.get('/heap', async (c) => c.json(describeHeap(await engineOf(c.req.query('engine')).heap(limitOf(c.env)))));

  /** Starts the heap again in its own memory, as the serving Worker does when a run has broken it. */
  app.post('/heap/restart', async (c) => {
    return c.json(describeHeap(await engineOf(c.req.query('engine')).restart(limitOf(c.env))));
  });

  /** Drops the heap with all its sessions; the next request gets a fresh one, limited to `?limit_mib=N` if given. */
  app.delete('/heap', (c) => {
    const limit = c.req.query('limit_mib');
    engineOf(c.req.query('engine')).drop(limit === undefined ? null : Number(limit));
    return c.json({ dropped: true });
  });

  app.onError((error, c) => {
    const message = error.message;
    if (error instanceof OrtError) return c.json({ error: message, kind: 'refused', ortCode: error.ortCode }, 422);
    if (error instanceof RefusedError) return c.json({ error: message, kind: 'refused' }, 422);
    if (error instanceof HeapFullError) return c.json({ error: message, kind: 'out-of-memory' }, 422);
    if (error instanceof HeapBrokenError) {
      return c.json({ error: message, kind: message.startsWith('out of memory') ? 'out-of-memory' : 'broken' }, 422);
    }
    if (error instanceof PopserveError) return c.json({ error: message, kind: 'request' }, 400);
    return c.json({ error: message, kind: 'internal' }, 500);
  });

  return app;
}

function describe({ name, elementType, shape }: ValueOfSession) {
  return { name, elementType, type: elementTypeName(elementType), datatype: datatypeOf(elementType), shape };
}

function byteLength(data: Uint8Array | readonly Uint8Array[]): number {
  return data instanceof Uint8Array ? data.length : data.reduce((sum, string) => sum + string.length, 0);
}

function describeHeap(heap: InspectedHeap) {
  return { bytes: heap.byteLength, usedBytes: heap.usedBytes(), limitBytes: heap.limitBytes };
}
