// Twenty small models in one isolate.

import { largest } from '../../../../registry/extremes.ts';
import { mebibyte } from '../../../../registry/mebibytes.ts';
import { warmupTensors } from '../../../../worker/runtime/tensors.ts';
import { summarise } from '../../summarise.ts';
import { startPopserve, stopAll } from '../contestants.ts';
import { httpRequest } from '../http-connection.ts';
import { interleave } from '../interleave.ts';
import type { BenchModel } from '../models.ts';
import { inMebibytes, number, spread } from '../report.ts';
import { binaryRequest, inferPath, sendOnce } from '../requests.ts';
import type { Section } from '../section.ts';
import { hasZoo, zooModelsBelow } from '../zoo.ts';

const count = 20;
/** Native onnxruntime takes 76 ms for a run of it. */
const smallInBytesOnly = new Set(['super-resolution-10']);

export const resident: Section = {
  name: 'resident',
  async run(context) {
    const { quick, note } = context;
    const models = await smallModels(context.models);
    note('resident: measuring');
    const passes = await interleave({ popserve: 0 }, quick ? 1 : 5, async () => {
      let heapBytes = 0;
      let loads = 0;
      let unloads = 0;
      const heaps: number[] = [];
      const onLog = (line: string) => {
        const heap = /"event":"model-loaded".*"heap":(\d+)/.exec(line)?.[1];
        if (line.includes('"event":"model-unloaded"')) unloads++;
        if (heap === undefined) return;
        loads++;
        heapBytes = Number(heap);
        heaps.push(heapBytes);
      };
      const process = await startPopserve(context, { onLog });
      try {
        // Starts the runtime and its heap, which is there before any model.
        await sendOnce(process.port, httpRequest('GET', '/v2/models/matmul-1/ready'));
        const answerMs: number[] = [];
        for (const model of models) {
          const started = performance.now();
          await sendOnce(process.port, binaryRequest(inferPath(model), warmupTensors(model.manifest) ?? []));
          answerMs.push(performance.now() - started);
        }
        if (loads < count) throw new Error(`${loads} of ${count} models were loaded`);
        return { heapBytes, heaps, answerMs, unloads };
      } finally {
        await stopAll({ process });
      }
    });
    const rounds = passes.popserve ?? [];
    const heap = summarise(rounds.map(({ heapBytes }) => heapBytes));
    const slowest = summarise(rounds.map(({ answerMs }) => largest(answerMs)));
    const unloads = largest(rounds.map((round) => round.unloads));
    return {
      title: `${count} small models in one isolate`,
      how: [
        'The serving Worker loads one after the other from R2; each stays. First answer: of an inference on the manifest’s sample input, seen from outside, with the read of the model’s bytes; the runtime was running.',
        'From the zoo, completed by MatMuls; super-resolution-10 is left out: small in bytes, but one run of it takes native onnxruntime 76 ms.',
      ],
      tables: [
        {
          columns: ['model', 'bytes', 'first answer ms', 'heap after it, MiB'],
          rows: models.map(({ name, artifact }, index) => [
            name,
            number(artifact.length),
            spread(summarise(rounds.map(({ answerMs }) => answerMs[index] ?? Number.NaN))),
            inMebibytes(summarise(rounds.map(({ heaps }) => heaps[index + 1] ?? Number.NaN)).median),
          ]),
        },
      ],
      figures: [
        {
          what: `${count} small models (under 1 MiB each) resident together: heap`,
          reach: '<= 48 MiB, none unloaded',
          measured: `${inMebibytes(heap.median)} MiB, ${unloads} unloaded`,
          met: heap.median <= 48 * mebibyte && unloads === 0,
        },
        {
          what: 'first answer of the slowest of them, the read of its bytes included',
          reach: '<= 60 ms',
          reason:
            'the first run of the slowest, ppocr-cls-v2, which V8 compiles function by function as it comes to them',
          measured: `${number(slowest.median)} ms`,
          met: slowest.median <= 60,
        },
      ],
    };
  },
};

/** The zoo's models under 1 MiB, completed by MatMuls of all sizes up to that. */
async function smallModels(shelf: Parameters<Section['run']>[0]['models']): Promise<BenchModel[]> {
  await shelf.matmul(1);
  const models: BenchModel[] = [];
  for (const name of hasZoo ? await zooModelsBelow(mebibyte) : []) {
    if (!smallInBytesOnly.has(name)) models.push(await shelf.zooWithoutInputs(name));
  }
  for (let index = 0; models.length < count; index++) models.push(await shelf.matmul((index + 1) / count));
  return models.slice(0, count);
}
