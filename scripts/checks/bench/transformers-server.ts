// The peer `transformers.js`: `node transformers-server.ts <folder> <model>`. A plain Node HTTP server that labels the JPEG of a request
// with the package's own pipeline, on one thread of onnxruntime-node, as every other contestant has one.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { env, pipeline, RawImage } from '@huggingface/transformers';

const [folder = '', model = ''] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = folder;
const topK = 3;
const classifier = await pipeline('image-classification', model, {
  device: 'cpu',
  dtype: 'fp32',
  session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 },
});

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.writeHead(500).end(String(error));
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const picture = await RawImage.fromBlob(new Blob([await buffer(request)]));
  const text = JSON.stringify(await classifier(picture, { top_k: topK }));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}
