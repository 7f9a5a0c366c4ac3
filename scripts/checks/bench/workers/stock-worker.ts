// The peer `stock`: a minimal Worker as people write it today, with onnxruntime-web's own API, `.onnx` and all defaults, the model
// read from R2, JSON in and out (the Open Inference Protocol's, so that all contestants answer the same bodies).
import * as ort from 'onnxruntime-web/wasm';
import { elementTypeName } from '../../../../worker/protocol/element-type.ts';
import { decodeFrame } from '../../../../worker/protocol/raw-frame.ts';
import type { LoadReport, RunReport } from './bench-protocol.ts';

interface StockEnv {
  MODELS: R2Bucket;
  /** The model that /infer serves. */
  MODEL_KEY: string;
}

interface JsonTensor {
  name: string;
  shape: number[];
  datatype: string;
  data: number[];
}

/** Not a literal at the import: the bundler leaves it to the isolate. */
const glueName = 'stock-glue.js';
ort.env.wasm.numThreads = 1;
// With `wasm` given the package does not look for the file, which the glue has already.
ort.env.wasm.wasmPaths = { mjs: glueName, wasm: 'compiled' };

const types: Readonly<Record<string, ort.Tensor.Type>> = { FP32: 'float32', INT64: 'int64', INT32: 'int32' };
let served: Promise<ort.InferenceSession> | undefined;
let loaded: ort.InferenceSession | undefined;

export default {
  async fetch(request: Request, env: StockEnv): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/infer') return await infer(request, env);
    if (pathname === '/live') return Response.json({ live: true });
    if (pathname === '/measure/load') return Response.json(await measureLoad(request));
    if (pathname === '/measure/run')
      return Response.json(await measureRun(request, Number(searchParams.get('repeat'))));
    return new Response('not found', { status: 404 });
  },
};

async function infer(request: Request, env: StockEnv): Promise<Response> {
  const steps: Record<string, number> = {};
  served ??= load(env, steps);
  const session = await served;
  const feeds = await readFeeds(request, session);
  const started = performance.now();
  const results = await session.run(feeds);
  if (steps.fetch !== undefined) steps.warmup = performance.now() - started;
  const outputs = session.outputNames.map((name) => {
    const tensor = results[name];
    return { name, shape: tensor?.dims, datatype: tensor?.type, data: Array.from(tensor?.data as Float32Array) };
  });
  const timing = Object.entries(steps).map(([step, ms]) => `${step};dur=${ms.toFixed(1)}`);
  return Response.json({ outputs }, { headers: timing.length === 0 ? {} : { 'server-timing': timing.join(', ') } });
}

/** JSON; or, so that a cold start can be measured without parsing it, the elements of the only float input. */
async function readFeeds(request: Request, session: ort.InferenceSession): Promise<Record<string, ort.Tensor>> {
  if (request.headers.get('content-type') !== 'application/json') {
    const [input] = session.inputMetadata;
    if (!input?.isTensor) throw new Error('the model has no tensor to take elements');
    const shape = input.shape.map((size) => (typeof size === 'number' ? size : 1));
    return { [input.name]: new ort.Tensor('float32', new Float32Array(await request.arrayBuffer()), shape) };
  }
  const body = await request.json<{ inputs: JsonTensor[] }>();
  return Object.fromEntries(body.inputs.map((input) => [input.name, toTensor(input)]));
}

/** @param steps gets what took how long, milliseconds: `create` starts the runtime as well */
async function load(env: StockEnv, steps: Record<string, number>): Promise<ort.InferenceSession> {
  const started = performance.now();
  const object = await env.MODELS.get(env.MODEL_KEY);
  if (!object) throw new Error(`no model ${env.MODEL_KEY}`);
  const bytes = new Uint8Array(await object.arrayBuffer());
  const fetched = performance.now();
  const session = await ort.InferenceSession.create(bytes);
  steps.fetch = fetched - started;
  steps.create = performance.now() - fetched;
  return session;
}

function toTensor({ shape, datatype, data }: JsonTensor): ort.Tensor {
  const type = types[datatype];
  if (type === 'int64') return new ort.Tensor(type, BigInt64Array.from(data, BigInt), shape);
  if (type === 'int32') return new ort.Tensor(type, Int32Array.from(data), shape);
  return new ort.Tensor('float32', Float32Array.from(data), shape);
}

async function measureLoad(request: Request): Promise<LoadReport> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  await loaded?.release();
  const started = performance.now();
  loaded = await ort.InferenceSession.create(bytes);
  return { readyMs: performance.now() - started, heapBytes: await heapBytes() };
}

async function measureRun(request: Request, repeat: number): Promise<RunReport> {
  if (!loaded) throw new Error('no model was loaded');
  const { tensors } = decodeFrame(new Uint8Array(await request.arrayBuffer()));
  const feeds = Object.fromEntries(
    tensors.map(({ name, elementType, shape, data }) => {
      const buffer = (data as Uint8Array).slice().buffer;
      const type = elementTypeName(elementType);
      const elements = type === 'int64' ? new BigInt64Array(buffer) : new Float32Array(buffer);
      return [name, new ort.Tensor(type as 'float32', elements as Float32Array, shape)];
    }),
  );
  const started = performance.now();
  for (let run = 0; run < repeat; run++) await loaded.run(feeds);
  return { runs: repeat, totalMs: performance.now() - started, heapBytes: await heapBytes() };
}

async function heapBytes(): Promise<number> {
  const glue: typeof import('./stock-glue.ts') = await import(glueName);
  return glue.heapBytes();
}
