// From the start of a process to its first answer.

import { mebibyte } from '../../../../registry/mebibytes.ts';
import { pairedRatio, summarise } from '../../summarise.ts';
import { startPopserve, startStock } from '../contestants.ts';
import { interleave } from '../interleave.ts';
import { startNodePeer } from '../node-peer.ts';
import { number, spread } from '../report.ts';
import { binaryRequest, elementsRequest, inferPath, sendOnce } from '../requests.ts';
import type { Section } from '../section.ts';
import { hasZoo } from '../zoo.ts';

export const coldStart: Section = {
  name: 'cold-start',
  async run(context) {
    const { models, quick, note } = context;
    const rounds = quick ? 3 : 15;
    const model = hasZoo ? await models.zoo('mobilenetv2-fp32', 'elephants') : await models.matmul(13);
    const binary = binaryRequest(inferPath(model), model.inputs);
    const contestants = {
      popserve: { start: () => startPopserve(context), request: binary },
      stock: { start: () => startStock(context, model), request: elementsRequest('/infer', model.inputs) },
      native: { start: () => startNodePeer('native', model), request: binaryRequest('/infer', model.inputs) },
      'node-wasm': { start: () => startNodePeer('wasm', model), request: binaryRequest('/infer', model.inputs) },
    };
    note('cold-start: measuring');
    const measured = await interleave(contestants, rounds, async ({ start, request }) => {
      const started = performance.now();
      const process = await start();
      try {
        const listeningMs = performance.now() - started;
        await sendOnce(process.port, request);
        const answeredMs = performance.now() - started;
        return { listeningMs, answerMs: answeredMs - listeningMs, answeredMs };
      } finally {
        await process.stop();
      }
    });
    const times = (name: string, phase: 'listeningMs' | 'answerMs' | 'answeredMs') =>
      (measured[name] ?? []).map((one) => one[phase]);
    const ratio = pairedRatio(times('popserve', 'answeredMs'), times('stock', 'answeredMs'));
    return {
      title: 'Cold start',
      how: [
        `${model.name} (${number(model.onnx.length / mebibyte)} MiB); a fresh process each time, its first request sent as soon as it listens; ${rounds} rounds.`,
        'popserve and stock in bare workerd, both reading the model from R2 out of the same folder; popserve reads its route from KV and checks the model’s digest as well, and warms it up. stock is given raw elements here, as parsing JSON of this size is no part of a cold start.',
      ],
      tables: [
        {
          columns: ['contestant', 'until it listens ms', 'first answer ms', 'together ms', 'of stock (paired)'],
          rows: Object.keys(contestants).map((name) => [
            name,
            spread(summarise(times(name, 'listeningMs'))),
            spread(summarise(times(name, 'answerMs'))),
            spread(summarise(times(name, 'answeredMs'))),
            spread(pairedRatio(times(name, 'answeredMs'), times('stock', 'answeredMs'))),
          ]),
        },
      ],
      series: [
        {
          ...{ name: 'ms', reference: 'stock' },
          values: Object.fromEntries(Object.keys(contestants).map((name) => [name, times(name, 'answeredMs')])),
        },
      ],
      figures: [
        {
          what: `cold start, fresh process to first answer, ${model.name}, against stock`,
          reach: '<= 0.6',
          reason: 'both spend it in V8, which compiles the same module and tiers it up in the first run',
          measured: number(ratio.median),
          met: ratio.median <= 0.6,
        },
      ],
    };
  },
};
