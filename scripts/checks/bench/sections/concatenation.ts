// Would it pay to run requests that pile up on one model as one batch? The bare Worker with and without it, on the same load.

import { pairedRatio, summarise } from '../../summarise.ts';
import { loadQuery, startBare, stopAll } from '../contestants.ts';
import { interleave } from '../interleave.ts';
import { measureThroughput, type Throughput } from '../load.ts';
import type { BenchModel } from '../models.ts';
import { number, spread } from '../report.ts';
import { elementsRequest, measure } from '../requests.ts';
import type { BenchContext, Section } from '../section.ts';
import type { LoadReport } from '../workers/bench-protocol.ts';
import { hasZoo } from '../zoo.ts';

const connections = 16;

export const concatenation: Section = {
  name: 'concatenation',
  async run(context) {
    const { quick, note } = context;
    const [rounds, durationMs] = quick ? [3, 500] : [11, 1500];
    const models = await batchModels(context);
    const rows: string[][] = [];
    for (const model of models) {
      note(`concatenation: ${model.name}`);
      const process = await startBare(context);
      try {
        await measure<LoadReport>(process.port, '/measure/load', loadQuery(model, 'fast'), model.artifact);
        const contestants = {
          'one by one': elementsRequest('/infer', model.inputs),
          concatenated: elementsRequest('/concatenated', model.inputs),
        };
        const round = (request: Buffer) => measureThroughput(process.port, request, { connections, durationMs });
        await interleave(contestants, quick ? 1 : 2, round);
        const measured: Record<string, Throughput[]> = await interleave(contestants, rounds, round);
        const rates = (name: string) => (measured[name] ?? []).map(({ perSecond }) => perSecond);
        for (const [name, values] of Object.entries(measured)) {
          rows.push([
            model.name,
            name,
            spread(summarise(rates(name))),
            spread(pairedRatio(rates(name), rates('one by one'))),
            number(summarise(values.map(({ p50Ms }) => p50Ms)).median),
            number(summarise(values.map(({ p99Ms }) => p99Ms)).median),
          ]);
        }
      } finally {
        await stopAll({ process });
      }
    }
    return {
      title: 'Concatenation while busy',
      how: [
        `Models with a variable first dimension, one row a request, ${connections} connections, ${rounds} rounds of ${durationMs / 1000} s in turns, in the bare Worker.`,
        'Concatenated: a request waits for the next turn of the event loop; what has come until then runs as one batch, each request gets its rows.',
        'The serving Worker does not do it. A run is synchronous, so requests do not pile up inside the isolate while it runs; they do so in its sockets, and a wait has to gather them. What that saves here is part of a request that in the serving Worker takes about 1.4 times as long, and runs of different days lie on both sides of 1 (0.59 to 0.97 on 2026-11-24 with 3 rounds, 1.06 to 1.19 on 2026-11-25 with 11).',
      ],
      tables: [{ columns: ['model', 'way', 'requests/s', 'of one by one (paired)', 'p50 ms', 'p99 ms'], rows }],
      figures: [],
    };
  },
};

/** One after the other: they share an inspector. */
async function batchModels({ models }: BenchContext): Promise<BenchModel[]> {
  const matmuls = [await models.matmul(0.25), await models.matmul(4)];
  if (!hasZoo) return matmuls;
  const forest = firstRow(await models.zoo('mpg-rf-regressor', 'rows_0_200_391'));
  return [await models.zoo('ai4i-failure-lgbm', 'row0_ok'), forest, ...matmuls];
}

function firstRow(model: BenchModel): BenchModel {
  const inputs = model.inputs.map((input) => {
    const [rows = 1, ...rest] = input.shape;
    const { data } = input;
    if (!(data instanceof Uint8Array)) throw new Error('expected an input of numbers');
    return { ...input, shape: [1, ...rest], data: data.slice(0, data.length / rows) };
  });
  return { ...model, inputs };
}
