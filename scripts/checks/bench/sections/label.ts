// A JPEG in, labels out, over HTTP: the whole request that a picture model is for.
import type { LabelScore } from '../../../../registry/api/task-answers.ts';
import type { Manifest } from '../../../../registry/manifest.ts';
import { readPictureHeader } from '../../../../worker/pipeline/picture-header.ts';
import { pairedRatio, summarise } from '../../summarise.ts';
import { startPopserve, startStockPictures, stopAll } from '../contestants.ts';
import { costOf, type RequestCost } from '../cpu-per-request.ts';
import { httpRequest } from '../http-connection.ts';
import { imageNetSteps } from '../image-net.ts';
import { interleave } from '../interleave.ts';
import type { BenchModel, ModelShelf } from '../models.ts';
import { startTransformers } from '../node-peer.ts';
import { number, spread } from '../report.ts';
import { sendOnce } from '../requests.ts';
import type { Section } from '../section.ts';
import { hasZoo, zooFile, zooLabels } from '../zoo.ts';

const served = 'mobilenet-labels';
const path = `/v2/models/${served}/infer`;
const mostWaiting = 200;
const labelsKey = 'labels/imagenet';

interface Server {
  readonly port: number;
  readonly pid: number;
}

interface Contestant {
  readonly server: Server;
  readonly request: Buffer;
}

export const label: Section = {
  name: 'label',
  async run(context) {
    const { models, quick, note } = context;
    const title = 'JPEG to label';
    if (!hasZoo) return { title, how: ['Not measured: there is no model zoo here.'], tables: [], figures: [] };
    const [rounds, perRound, warmUp] = quick ? [3, 5, 40] : [15, 15, 150];
    const model = await models.zoo('mobilenetv2-fp32', 'elephants');
    const second = await models.zooForLiteRt('mobilenetv2-fp32', 'elephants');
    const labels = await zooLabels(model.name);
    await release(models, second, labels);
    const file = await zooFile('ultraface-rfb-320', 'images/13.jpg');
    const { width, height } = readPictureHeader(file);
    const request = (target: string) => httpRequest('POST', target, { 'content-type': 'image/jpeg' }, file);
    const running = {
      popserve: await startPopserve(context, { litert: true }),
      'popserve, onnxruntime': await startPopserve(context),
      stock: await startStockPictures(context, model, labelsKey),
      'transformers.js': await startTransformers(model, labels),
    };
    try {
      const contestants: Record<keyof typeof running, Contestant> = {
        popserve: { server: running.popserve, request: request(path) },
        'popserve, onnxruntime': { server: running['popserve, onnxruntime'], request: request(path) },
        stock: { server: running.stock, request: request('/') },
        'transformers.js': { server: running['transformers.js'], request: request('/') },
      };
      const first: Record<string, LabelScore> = {};
      for (const [name, { server, request: asked }] of Object.entries(contestants)) {
        first[name] = await firstLabel(server, asked);
      }
      note('label: waiting for the second engine');
      await untilLiteRt(contestants.popserve);
      const ask = (requests: number) => (one: Contestant) =>
        costOf(one.server, one.request, { connections: 1, requests });
      note('label: warming up');
      await interleave(contestants, 1, ask(warmUp));
      note('label: measuring');
      const costs: Record<string, RequestCost[]> = await interleave(contestants, rounds, ask(perRound));
      const cpu = (name: string) => (costs[name] ?? []).map(({ cpuUs }) => cpuUs / 1000);
      const wall = (name: string) => (costs[name] ?? []).map(({ wallUs }) => wallUs / 1000);
      const names = Object.keys(contestants);
      const figure = (peer: string, reason: string) => {
        const { median } = pairedRatio(cpu('popserve'), cpu(peer));
        return {
          what: `JPEG to label, ${model.name}, processor time of the whole request, against ${peer}`,
          ...{ reach: '<= 0.6', measured: number(median), met: median <= 0.6, reason },
        };
      };
      return {
        title,
        how: [
          `${model.name}, a photograph as JPEG, ${width}x${height} pixels (${number(file.length / 1024)} KiB) on one keep-alive connection, the three best labels in the answer; all threads of a process, ${rounds} rounds of ${perRound} requests in turns.`,
          'popserve: the serving Worker and, behind its service binding, the Worker that runs LiteRT, in one process; the first one without the second: `popserve, onnxruntime`.',
          'stock: onnxruntime-web’s own API in a minimal Worker that decodes and prepares the picture by popserve’s code. transformers.js: its image-classification pipeline behind a plain Node server, which decodes by libvips (sharp) and runs native onnxruntime; one thread.',
        ],
        tables: [
          {
            columns: [
              'contestant',
              'CPU ms a request',
              'popserve of it, CPU (paired)',
              'wall ms a request',
              'popserve of it, wall (paired)',
              'label',
            ],
            rows: names.map((name) => [
              name,
              spread(summarise(cpu(name))),
              name === 'popserve' ? '' : spread(pairedRatio(cpu('popserve'), cpu(name))),
              spread(summarise(wall(name))),
              name === 'popserve' ? '' : spread(pairedRatio(wall('popserve'), wall(name))),
              `${first[name]?.label}, ${number(first[name]?.score ?? 0)}`,
            ]),
          },
        ],
        figures: [
          figure('transformers.js', 'its decoder and its runtime are native code, which WASM does not reach'),
          figure('stock', 'decoding the picture and the call between the two Workers take what the run saves'),
        ],
        series: [
          { name: 'CPU ms', reference: 'stock', values: Object.fromEntries(names.map((name) => [name, cpu(name)])) },
        ],
      };
    } finally {
      await stopAll(running);
    }
  },
};

/** The first requests are answered by onnxruntime, while the other Worker loads the model. */
async function untilLiteRt({ server, request }: Contestant): Promise<void> {
  for (let asked = 0; asked < mostWaiting; asked++) {
    const { head } = await sendOnce(server.port, request);
    if (/^popserve-engine: litert$/im.test(head)) return;
  }
  throw new Error(`LiteRT answered none of ${mostWaiting} requests`);
}

/** The model under a name of its own, with a pipeline; its blobs are in the store already. */
async function release(models: ModelShelf, { manifest }: BenchModel, labels: readonly string[]) {
  const [input, output] = [manifest.signature.inputs[0]?.name ?? '', manifest.signature.outputs[0]?.name ?? ''];
  const after = { step: 'classify' as const, output, activation: 'softmax' as const, labels: [...labels], topK: 3 };
  const pipeline = { schema: 1 as const, task: 'image-classification' as const, image: imageNetSteps(input), after };
  const labelled: Manifest = { ...manifest, model: served, pipeline };
  await models.store.putObject(labelsKey, labels.join('\n'));
  await models.store.release([labelled], []);
}

/** @throws Error with the answer where it has no label */
async function firstLabel({ port }: Server, request: Buffer): Promise<LabelScore> {
  const { status, body } = await sendOnce(port, request);
  const text = String(body);
  const found = status === 200 ? /"label":"[^"]*","score":[^,}]*/.exec(text)?.[0] : undefined;
  if (found === undefined) throw new Error(`expected labels, got ${status}: ${text.slice(0, 300)}`);
  return JSON.parse(`{${found}}`) as LabelScore;
}
