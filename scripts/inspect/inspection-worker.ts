// The inspection Worker: the session layer over HTTP, for `popserve publish`, the operator conformance suite and benchmarks.
// Same runtime and build as the serving Worker; runs in a workerd of its own on the operator's machine, never deployed.

import { Hono } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { datatypeOf, elementTypeName } from '../../worker/protocol/element-type.ts';
import { decodeFrame, encodeFrame } from '../../worker/protocol/raw-frame.ts';
import { Heap } from '../../worker/runtime/heap.ts';
import { HeapBrokenError, HeapFullError, OrtError } from '../../worker/runtime/heap-errors.ts';
import { Session, type SessionOptions, type ValueInfo } from '../../worker/runtime/session.ts';

interface InspectorEnv {
  HEAP_LIMIT_MIB: string;
}

interface Inspected {
  session: Session;
  heap: Heap;
}

const sessions = new Map<string, Inspected>();
let heap: Heap | null = null;
let heapLimitMib: number | null = null;
let nextId = 1;

async function currentHeap(env: InspectorEnv): Promise<Heap> {
  if (!heap || heap.broken !== null) {
    sessions.clear();
    heap = await Heap.create((heapLimitMib ?? Number(env.HEAP_LIMIT_MIB)) * mebibyte);
  }
  return heap;
}

const app = new Hono<{ Bindings: InspectorEnv }>();

/** Loads the body as a model: `?format=ort|onnx&profile=fast|lean&optimization=disabled|basic|extended|all&fill=true|false`. */
app.post('/sessions', async (c) => {
  const current = await currentHeap(c.env);
  // What it grows by afterwards is what a model needs where others have taken the holes before it; without this a small model hides in
  // the 7 MiB that a fresh heap has free.
  if (c.req.query('fill') === 'true') current.takeFree(4096);
  const emptyBytes = current.usedBytes();
  const body = new Uint8Array(await c.req.arrayBuffer());
  const pointer = current.allocateModel(body.length, c.req.query('profile') === 'lean');
  current.bytes(pointer, body.length).set(body);
  const started = performance.now();
  const session = Session.create(
    current,
    { pointer, bytes: body.length },
    {
      format: c.req.query('format') as SessionOptions['format'],
      profile: c.req.query('profile') as SessionOptions['profile'],
      graphOptimization: c.req.query('optimization') as SessionOptions['graphOptimization'],
    },
  );
  const createMs = performance.now() - started;
  const id = String(nextId++);
  sessions.set(id, { session, heap: current });
  return c.json(
    {
      id,
      createMs,
      emptyBytes,
      heap: describeHeap(current),
      inputs: session.inputs.map(describe),
      outputs: session.outputs.map(describe),
    },
    201,
  );
});

/**
 * Runs on a raw frame, `?repeat=N` times or until `?limit_ms`; answers with the outputs of the first run, or with
 * `?discard=true` with nothing but their size, and the time of all.
 */
app.post('/sessions/:id/run', async (c) => {
  const inspected = sessions.get(c.req.param('id'));
  if (!inspected) throw new PopserveError('NOT_FOUND', `no session ${c.req.param('id')}`);
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
  const inspected = sessions.get(c.req.param('id'));
  inspected?.session.release();
  sessions.delete(c.req.param('id'));
  return c.json({ released: inspected !== undefined });
});

app.get('/heap', async (c) => c.json(describeHeap(await currentHeap(c.env))));

/** Starts the heap again in its own memory, as the serving Worker does when a run has broken it. */
app.post('/heap/restart', async (c) => {
  heap = (await currentHeap(c.env)).restarted();
  sessions.clear();
  return c.json(describeHeap(heap));
});

/** Drops the heap with all sessions; the next request gets a fresh one, limited to `?limit_mib=N` if given. */
app.delete('/heap', (c) => {
  const limit = c.req.query('limit_mib');
  heapLimitMib = limit === undefined ? null : Number(limit);
  heap = null;
  sessions.clear();
  return c.json({ dropped: true });
});

app.onError((error, c) => {
  const message = error.message;
  if (error instanceof OrtError) return c.json({ error: message, kind: 'refused', ortCode: error.ortCode }, 422);
  if (error instanceof HeapFullError) return c.json({ error: message, kind: 'out-of-memory' }, 422);
  if (error instanceof HeapBrokenError) {
    return c.json({ error: message, kind: message.startsWith('out of memory') ? 'out-of-memory' : 'broken' }, 422);
  }
  if (error instanceof PopserveError) return c.json({ error: message, kind: 'request' }, 400);
  return c.json({ error: message, kind: 'internal' }, 500);
});

function describe({ name, elementType, shape }: ValueInfo) {
  return { name, elementType, type: elementTypeName(elementType), datatype: datatypeOf(elementType), shape };
}

function byteLength(data: Uint8Array | readonly Uint8Array[]): number {
  return data instanceof Uint8Array ? data.length : data.reduce((sum, string) => sum + string.length, 0);
}

function describeHeap(current: Heap) {
  return { bytes: current.byteLength, usedBytes: current.usedBytes(), limitBytes: current.limitBytes };
}

export default app;
