// Would it pay to run requests that pile up on one model as one batch? The bare Worker with and without it, on the same load.

import { pairedRatio, summarise } from '../../summarise.ts';
import { type Contestant, loadQuery, startBare, startPopserve, stopAll } from '../contestants.ts';
import { costOf } from '../cpu-per-request.ts';
import { interleave } from '../interleave.ts';
import { measureThroughput, type Throughput } from '../load.ts';
import type { MeasuredWorker } from '../measured-worker.ts';
import type { BenchModel } from '../models.ts';
import { number, spread } from '../report.ts';
import { binaryRequest, elementsRequest, inferPath, measure } from '../requests.ts';
import type { BenchContext, Section } from '../section.ts';
import type { LoadReport } from '../workers/bench-protocol.ts';
import { hasZoo } from '../zoo.ts';

const connections = 16;

export const concatenation: Section = {
  name: 'concatenation',
  async run(context) {
    const { quick, note } = context;
    const [rounds, durationMs] = quick ? [3, 500] : [9, 750];
    const models = await batchModels(context);
    const rows: string[][] = [];
    const costs: string[][] = [];
    for (const model of models) {
      note(`concatenation: ${model.name}`);
      const process = await startBare(context);
      const serving = await startPopserve(context);
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
        const perRequest: Record<'one by one' | 'concatenated' | 'serving', Contestant & { server: MeasuredWorker }> = {
          'one by one': { server: process, request: contestants['one by one'] },
          concatenated: { server: process, request: contestants.concatenated },
          serving: { server: serving, request: binaryRequest(inferPath(model), model.inputs) },
        };
        const costRound = ({ server, request }: (typeof perRequest)['serving']) =>
          costOf(server, request, { connections, requests: quick ? 300 : 600 });
        await interleave(perRequest, 2, costRound);
        const cost = await interleave(perRequest, rounds, costRound);
        const cpu = (name: keyof typeof perRequest) => (cost[name] ?? []).map(({ cpuUs }) => cpuUs);
        const saved = cpu('one by one').map((us, index) => us - (cpu('concatenated')[index] ?? Number.NaN));
        const left = cpu('serving').map((us, index) => us - (saved[index] ?? Number.NaN));
        costs.push([
          model.name,
          ...[cpu('one by one'), cpu('concatenated'), cpu('serving'), saved].map((values) => spread(summarise(values))),
          spread(pairedRatio(left, cpu('serving'))),
        ]);
      } finally {
        await stopAll({ process, serving });
      }
    }
    return {
      title: 'Concatenation while busy',
      how: [
        `Models with a variable first dimension, one row a request, ${connections} connections, ${rounds} rounds of ${durationMs / 1000} s in turns, in the bare Worker.`,
        'Concatenated: a request waits for the next turn of the event loop; what has come until then runs as one batch, each request gets its rows.',
        'The serving Worker does not do it. A run is synchronous, so requests do not pile up inside the isolate while it runs; they do so in its sockets, and a wait for the next turn has to gather them.',
        'The second table says what it could save there at the most, by processor time: what it saves in the bare Worker, taken from what a request takes in the serving Worker. Joining, dividing, and counting for each caller would take a part of it again, and every request would wait for the others’ runs.',
      ],
      tables: [
        { columns: ['model', 'way', 'requests/s', 'of one by one (paired)', 'p50 ms', 'p99 ms'], rows },
        {
          columns: [
            'model',
            'one by one, CPU us',
            'concatenated',
            'serving Worker',
            'saved',
            'serving less saved, of serving',
          ],
          rows: costs,
        },
      ],
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
