// A Worker that does only the run: popserve's session layer without protocol, routing, registry or telemetry. What the serving
// Worker takes beyond it is the price of everything else. Also where the session layer itself is measured.

import { defaultLimits } from '../../../../registry/default-limits.ts';
import { mebibyte } from '../../../../registry/mebibytes.ts';
import { decodeFrame } from '../../../../worker/protocol/raw-frame.ts';
import { Heap } from '../../../../worker/runtime/heap.ts';
import { IsolateHeap } from '../../../../worker/runtime/isolate-heap.ts';
import { Session, type SessionOptions } from '../../../../worker/runtime/session.ts';
import type { LoadReport, ReplaceReport, RunReport } from './bench-protocol.ts';

const budgetBytes = defaultLimits.memoryBudgetMib * mebibyte;

let heap: Heap | undefined;
let loaded: Session | undefined;
let replaced: IsolateHeap<Heap> | undefined;

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/infer') return await infer(request);
    if (pathname === '/concatenated') return await inferConcatenated(request);
    if (pathname === '/live') return Response.json({ live: true });
    if (pathname === '/measure/load') return Response.json(await measureLoad(request, searchParams));
    if (pathname === '/measure/run')
      return Response.json(await measureRun(request, Number(searchParams.get('repeat'))));
    if (pathname === '/measure/replace') return Response.json(await measureReplace(request));
    return new Response('not found', { status: 404 });
  },
};

/** The elements of the only input in, those of the first output out. */
async function infer(request: Request): Promise<Response> {
  const data = new Uint8Array(await request.arrayBuffer());
  const [input] = loaded?.inputs ?? [];
  const [output] = loaded?.outputs ?? [];
  if (!loaded || !input || !output) throw new Error('no model was loaded');
  const shape = input.shape.map((size) => (typeof size === 'number' ? size : 1));
  const tensor = { name: input.name, elementType: input.elementType, shape, data };
  return loaded.run([tensor], [output.name], ([result]) => {
    if (!(result?.data instanceof Uint8Array)) throw new Error('expected an output of numbers');
    return new Response(result.data.slice() as Uint8Array<ArrayBuffer>);
  });
}

interface Waiting {
  readonly data: Uint8Array;
  readonly answer: (rows: Uint8Array<ArrayBuffer>) => void;
}

let waiting: Waiting[] = [];

/** The same for one row of a batch: what comes until the next turn of the event loop runs together. */
async function inferConcatenated(request: Request): Promise<Response> {
  const data = await request.bytes();
  const { promise, resolve } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  if (waiting.push({ data, answer: resolve }) === 1) setTimeout(runWaiting, 0);
  return new Response(await promise);
}

function runWaiting(): void {
  const together = waiting;
  waiting = [];
  const [input] = loaded?.inputs ?? [];
  const [output] = loaded?.outputs ?? [];
  if (!loaded || !input || !output) throw new Error('no model was loaded');
  const rowBytes = together[0]?.data.length ?? 0;
  const data = new Uint8Array(rowBytes * together.length);
  together.forEach((one, index) => {
    data.set(one.data, index * rowBytes);
  });
  const shape = [together.length, ...input.shape.slice(1).map((size) => (typeof size === 'number' ? size : 1))];
  loaded.run([{ name: input.name, elementType: input.elementType, shape, data }], [output.name], ([result]) => {
    if (!(result?.data instanceof Uint8Array)) throw new Error('expected an output of numbers');
    const answerBytes = result.data.length / together.length;
    together.forEach(({ answer }, index) => {
      answer(result.data.slice(index * answerBytes, (index + 1) * answerBytes) as Uint8Array<ArrayBuffer>);
    });
  });
}

async function measureLoad(request: Request, options: URLSearchParams): Promise<LoadReport> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  heap ??= await Heap.create(1024 * mebibyte);
  // As a switchover does: the next beside the last.
  const before = options.get('beside') === 'true' ? loaded : undefined;
  if (!before) loaded?.release();
  const started = performance.now();
  loaded = createSession(heap, bytes, options);
  const readyMs = performance.now() - started;
  before?.release();
  return { readyMs, heapBytes: heap.byteLength };
}

async function measureRun(request: Request, repeat: number): Promise<RunReport> {
  if (!loaded) throw new Error('no model was loaded');
  const session = loaded;
  const { tensors } = decodeFrame(new Uint8Array(await request.arrayBuffer()));
  const outputs = session.outputs.map(({ name }) => name);
  const started = performance.now();
  // As with the package's API, every output is copied out of the heap.
  const read = (results: readonly { data: Uint8Array | readonly Uint8Array[] }[]) =>
    results.map(({ data }) => data.slice());
  for (let run = 0; run < repeat; run++) session.run(tensors, outputs, read);
  return { runs: repeat, totalMs: performance.now() - started, heapBytes: session.heap.byteLength };
}

/** Ends the isolate's heap and loads the model into the next one, under the serving Worker's accounting. */
async function measureReplace(request: Request): Promise<ReplaceReport> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  replaced ??= new IsolateHeap<Heap>({ create: Heap.create, budgetBytes });
  replaced.replace();
  const fresh = await replaced.current();
  let refused: string | null = null;
  try {
    createSession(fresh, bytes, new URLSearchParams({ format: 'ort', profile: 'lean' }));
  } catch (error) {
    // The heaps before it have left too little of the budget.
    refused = String(error);
  }
  return { liveBytes: fresh.byteLength, discardedBytes: replaced.discardedBytes, budgetBytes, refused };
}

function createSession(target: Heap, bytes: Uint8Array, options: URLSearchParams): Session {
  const pointer = target.allocateModel(bytes.length, options.get('profile') === 'lean');
  target.bytes(pointer, bytes.length).set(bytes);
  return Session.create(
    target,
    { pointer, bytes: bytes.length },
    {
      format: options.get('format') as SessionOptions['format'],
      profile: options.get('profile') as SessionOptions['profile'],
      graphOptimization: (options.get('optimization') ?? 'all') as SessionOptions['graphOptimization'],
    },
  );
}
