// Heap and time to ready of models that are nearly all weights, bytes at hand.

import { mebibyte } from '../../../../registry/mebibytes.ts';
import { pairedRatio, summarise } from '../../summarise.ts';
import { loadQuery, startBare, startStock, stopAll } from '../contestants.ts';
import { interleave } from '../interleave.ts';
import { inputFrame } from '../models.ts';
import { inMebibytes, number, spread } from '../report.ts';
import { measure } from '../requests.ts';
import type { Figure, Section } from '../section.ts';
import type { LoadReport, RunReport } from '../workers/bench-protocol.ts';

const contestants = { lean: 'lean', fast: 'fast', stock: 'stock' } as const;

export const loading: Section = {
  name: 'loading',
  async run(context) {
    const { models, quick, note } = context;
    const rounds = quick ? 3 : 9;
    const small = await models.matmul(1);
    const rows: string[][] = [];
    const figures: Figure[] = [];
    for (const size of [20, 40, 60]) {
      const model = await models.matmul(size);
      note(`loading: ${size} MiB`);
      const frame = inputFrame(model.inputs);
      const measured = await interleave(contestants, rounds, async (profile) => {
        const process = profile === 'stock' ? await startStock(context, small) : await startBare(context);
        try {
          const load = (of: typeof model) =>
            measure<LoadReport>(
              process.port,
              '/measure/load',
              profile === 'stock' ? {} : loadQuery(of, profile),
              profile === 'stock' ? of.onnx : of.artifact,
            );
          // Starts the runtime, which is not part of the time to ready.
          await load(small);
          const { readyMs } = await load(model);
          const { heapBytes } = await measure<RunReport>(process.port, '/measure/run', { repeat: '1' }, frame);
          return { readyMs, heapBytes };
        } finally {
          await stopAll({ process });
        }
      });
      const heapOf = (name: string) => summarise((measured[name] ?? []).map(({ heapBytes }) => heapBytes)).median;
      const timesOf = (name: string) => (measured[name] ?? []).map(({ readyMs }) => readyMs);
      for (const name of Object.keys(contestants)) {
        const ratio = pairedRatio(timesOf(name), timesOf('stock'));
        rows.push([
          `${size} MiB`,
          name,
          inMebibytes(heapOf(name)),
          number(heapOf(name) / heapOf('stock')),
          spread(summarise(timesOf(name))),
          spread(ratio),
        ]);
      }
      const heapMib = heapOf('lean') / mebibyte;
      const limitMib = 12 + 1.25 * size;
      const times = heapOf('stock') / heapOf('lean');
      const ratio = pairedRatio(timesOf('lean'), timesOf('stock')).median;
      figures.push(
        {
          what: `heap, ${size} MiB fp32 MatMul, lean`,
          reach: `<= ${number(limitMib)} MiB${size === 20 ? ' (and <= 40)' : ''}`,
          measured: `${number(heapMib)} MiB`,
          met: heapMib <= limitMib,
        },
        {
          what: `the same against stock (${inMebibytes(heapOf('stock'))} MiB)`,
          reach: '>= 2.4 times less',
          measured: `${number(times)} times`,
          met: times >= 2.4,
        },
        {
          what: `time to ready, ${size} MiB, lean against stock`,
          reach: '<= 0.4',
          measured: number(ratio),
          met: ratio <= 0.4,
        },
      );
    }
    return {
      title: 'Loading: heap and time to ready',
      how: [
        'y = x W in fp32; each load in a fresh workerd whose runtime a 1 MiB model has started before.',
        'lean, fast: popserve’s session layer on the published model; time from the bytes in JS to a session, the copy into the heap included. stock: `InferenceSession.create(bytes)`.',
        `Heap: the linear memory after one run. ${rounds} rounds; clocks in workerd tick once a millisecond.`,
      ],
      tables: [{ columns: ['model', 'contestant', 'heap MiB', 'of stock', 'ready ms', 'of stock (paired)'], rows }],
      figures,
    };
  },
};
