// Warm runs of real models inside workerd, without HTTP.

import { pairedRatio, summarise } from '../../summarise.ts';
import { loadQuery, startBare, startStock, stopAll } from '../contestants.ts';
import { interleave } from '../interleave.ts';
import { inputFrame } from '../models.ts';
import { startNodePeer } from '../node-peer.ts';
import { processCpuMs } from '../process-cpu.ts';
import { number, spread } from '../report.ts';
import { measure } from '../requests.ts';
import type { Figure, Section, Series } from '../section.ts';
import type { LoadReport, RunReport } from '../workers/bench-protocol.ts';
import { hasZoo } from '../zoo.ts';

const zooModels = [
  { name: 'mobilenetv2-fp32', golden: 'elephants', kind: 'convolution' },
  { name: 'ultraface-rfb-320', golden: 'img3', kind: 'convolution' },
  { name: 'silero-vad', golden: 'frame0', kind: 'recurrent' },
  { name: 'minilm-l6-int8-RANDOM', golden: 'one_sentence', kind: 'transformer' },
] as const;

export const warmRun: Section = {
  name: 'warm-run',
  async run(context) {
    const { models, quick, note } = context;
    const title = 'Warm runs of real models';
    if (!hasZoo) return { title, how: ['Not measured: there is no model zoo here.'], tables: [], figures: [] };
    const [rounds, batchMs, warmUpMs] = quick ? [4, 200, 1000] : [11, 350, 2500];
    const rows: string[][] = [];
    const figures: Figure[] = [];
    const series: Series[] = [];
    for (const { name, golden, kind } of zooModels) {
      const model = await models.zoo(name, golden);
      note(`warm-run: ${name}`);
      const frame = inputFrame(model.inputs);
      const running = {
        fast: await startBare(context),
        lean: await startBare(context),
        stock: await startStock(context, model),
      };
      const peers = { native: await startNodePeer('native', model), 'node-wasm': await startNodePeer('wasm', model) };
      try {
        await measure<LoadReport>(running.stock.port, '/measure/load', {}, model.onnx);
        for (const profile of ['fast', 'lean'] as const) {
          await measure<LoadReport>(running[profile].port, '/measure/load', loadQuery(model, profile), model.artifact);
        }
        const contestants = { ...running, ...peers };
        const runs = async ({ port, pid }: { port: number; pid: number }, repeat: number) => {
          const before = await processCpuMs(pid);
          await measure<RunReport>(port, '/measure/run', { repeat: String(repeat) }, frame);
          return ((await processCpuMs(pid)) - before) / repeat;
        };
        // So many runs that a batch takes its time; the first are slower, until the code has been optimised.
        const repeats: Record<string, number> = {};
        for (const [contestant, process] of Object.entries(contestants)) {
          await runs(process, 20);
          const aboutMs = Math.max(await runs(process, 20), 0.01);
          repeats[contestant] = Math.max(Math.ceil(batchMs / aboutMs), 1);
          await runs(process, Math.ceil(warmUpMs / aboutMs));
        }
        const measured = await interleave(contestants, rounds, (process, contestant) =>
          runs(process, repeats[contestant] ?? 1),
        );
        const stock = measured.stock ?? [];
        series.push({ name, reference: 'stock', values: measured });
        for (const [contestant, values] of Object.entries(measured)) {
          rows.push([`${name} (${kind})`, contestant, spread(summarise(values)), spread(pairedRatio(values, stock))]);
        }
        const ratio = pairedRatio(measured.fast ?? [], stock).median;
        figures.push({
          what: `warm run inside workerd, ${name} (${kind}), fast, against stock`,
          reach: '<= 1.05',
          measured: number(ratio),
          met: ratio <= 1.05,
        });
      } finally {
        await stopAll({ ...running, ...peers });
      }
    }
    return {
      title,
      how: [
        `Golden inputs of the zoo; batches of about ${batchMs} ms in one request, ${rounds} rounds in turns; processor time of the whole process over the runs of a batch. stock, fast and lean in workerd, outputs copied out of the heap in all of them.`,
        'The serving Worker takes `fast` where it fits, else `lean`.',
      ],
      tables: [{ columns: ['model', 'contestant', 'run, CPU ms', 'of stock (paired)'], rows }],
      figures,
      series,
    };
  },
};
