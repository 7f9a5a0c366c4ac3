// The peers `native` and `node-wasm`: `node node-server.ts <native|wasm> <model.onnx> <signature.json>`. A plain Node HTTP server
// that speaks the same JSON and binary bodies as popserve, with popserve's own codecs; loads its model at the first request.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Signature } from '../../../registry/signature.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { elementTypeName, elementTypeOf } from '../../../worker/protocol/element-type.ts';
import { encodeInferResponse } from '../../../worker/protocol/encode-response.ts';
import { decodeLimits } from '../../../worker/protocol/infer-request.ts';
import { decodeFrame, type RawTensor } from '../../../worker/protocol/raw-frame.ts';
import type { RunReport } from './workers/bench-protocol.ts';

const [runtime, modelFile = '', signatureFile = ''] = process.argv.slice(2);
const ort = runtime === 'wasm' ? await loadWasmRuntime() : await import('onnxruntime-node');
const quiet = { logSeverityLevel: 4 as const };
const options = runtime === 'wasm' ? quiet : { ...quiet, intraOpNumThreads: 1, interOpNumThreads: 1 };
const signature = JSON.parse(readFileSync(signatureFile, 'utf8')) as Signature;
let session: Promise<InferenceSession> | undefined;

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.writeHead(500).end(String(error));
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

/** The same API in WASM; its types differ only in back ends that are not used here. */
async function loadWasmRuntime(): Promise<typeof import('onnxruntime-node')> {
  const web = await import('onnxruntime-web');
  web.env.wasm.numThreads = 1;
  return web as unknown as typeof import('onnxruntime-node');
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/live') return send(response, JSON.stringify({ live: true }));
  session ??= ort.InferenceSession.create(readFileSync(modelFile), options);
  const loaded = await session;
  if (pathname === '/measure/run') {
    const feeds = Object.fromEntries(decodeFrame(body).tensors.map((tensor) => [tensor.name, toOrt(tensor)]));
    const repeat = Number(searchParams.get('repeat'));
    const started = performance.now();
    for (let run = 0; run < repeat; run++) await loaded.run(feeds);
    const report: RunReport = { runs: repeat, totalMs: performance.now() - started, heapBytes: 0 };
    return send(response, JSON.stringify(report));
  }
  const headerLength = request.headers['inference-header-content-length'];
  const decoded = decodeInferRequest({
    body,
    headerLength: typeof headerLength === 'string' ? headerLength : null,
    signature,
    limits: decodeLimits,
  });
  const feeds = Object.fromEntries(
    decoded.inputs.map((tensor) => [tensor.name, toOrt({ ...tensor, elementType: elementTypeOf(tensor.datatype) })]),
  );
  const results = await loaded.run(feeds);
  const outputs = signature.outputs.map(({ name, datatype }) => {
    const { data, dims } = results[name] as OrtTensor;
    const { buffer, byteOffset, byteLength } = data as Float32Array;
    return { name, datatype, shape: dims, data: new Uint8Array(buffer, byteOffset, byteLength) };
  });
  const encoded = encodeInferResponse({ modelName: 'model', modelVersion: '1', request: decoded, outputs });
  return send(response, encoded.body, encoded.headers);
}

function toOrt({ elementType, shape, data }: Omit<RawTensor, 'name'>): OrtTensor {
  const type = elementTypeName(elementType);
  // Copied, so that it is aligned for its elements.
  const { buffer } = new Uint8Array(data as Uint8Array);
  const elements = type === 'int64' ? new BigInt64Array(buffer) : new Float32Array(buffer);
  return new ort.Tensor(type as 'float32', elements as Float32Array, shape);
}

function send(response: ServerResponse, body: string | Uint8Array, headers: Record<string, string> = {}): void {
  response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
