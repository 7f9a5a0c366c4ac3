// The memory of an isolate that serves one large model: in the heap, and beside it in JS.

import { mebibyte } from '../../../../registry/mebibytes.ts';
import { measureJsMemory } from '../../isolate-memory.ts';
import { startPopserve, startStock, stopAll } from '../contestants.ts';
import type { MeasuredWorker } from '../measured-worker.ts';
import { type BenchModel, inputFrame } from '../models.ts';
import { inMebibytes, number } from '../report.ts';
import { binaryRequest, inferPath, measure, sendOnce } from '../requests.ts';
import type { BenchContext, Figure, Section } from '../section.ts';
import type { LoadReport, RunReport } from '../workers/bench-protocol.ts';

/** The platform's limit of an isolate, 128 MB, is in powers of ten. */
const isolateBytes = 128_000_000;

interface Held {
  readonly heapBytes: number;
  readonly jsBytes: number;
  /** Bytes that loading the model added to JS. */
  readonly jsGrowthBytes: number;
}

export const jsMemory: Section = {
  name: 'js-memory',
  async run(context) {
    const { models, quick, note } = context;
    const small = await models.matmul(1);
    const rows: string[][] = [];
    const figures: Figure[] = [];
    for (const size of quick ? [20] : [20, 80]) {
      const model = await models.matmul(size);
      note(`js-memory: ${size} MiB`);
      const held = {
        popserve: await holdInPopserve(context, small, model),
        stock: await holdInStock(context, small, model),
      };
      for (const [name, { heapBytes, jsBytes, jsGrowthBytes }] of Object.entries(held)) {
        rows.push([
          `${size} MiB`,
          name,
          inMebibytes(heapBytes),
          inMebibytes(jsBytes),
          inMebibytes(jsGrowthBytes),
          number((heapBytes + jsBytes) / 1e6),
        ]);
      }
      const { heapBytes, jsBytes, jsGrowthBytes } = held.popserve;
      const isolate = heapBytes + jsBytes;
      if (size === 20) {
        figures.push({
          what: 'JS memory held for the model’s bytes after load',
          reach: '0 (under 1 % of the model)',
          measured: `${inMebibytes(jsGrowthBytes)} MiB of ${size}`,
          met: jsGrowthBytes < 0.01 * size * mebibyte,
        });
      } else {
        figures.push({
          what: `an ${size} MiB fp32 model served in one isolate: heap and JS`,
          reach: '<= 128 MB',
          measured: `${number(isolate / 1e6)} MB`,
          met: isolate <= isolateBytes,
        });
      }
    }
    return {
      title: 'Memory of an isolate with one large model',
      how: [
        'y = x W in fp32, loaded and run once after a 1 MiB model; popserve: the serving Worker with its settings of wrangler.toml, the model from R2.',
        'JS: `usedSize` and `backingStorageSize` of the inspector’s `Runtime.getHeapUsage` after three full garbage collections; the heap’s memory is in neither. Growth: after the model’s first answer, less before it.',
      ],
      tables: [
        { columns: ['model', 'contestant', 'heap MiB', 'JS MiB', 'JS growth MiB', 'heap and JS, MB (10^6)'], rows },
      ],
      figures,
    };
  },
};

async function holdInPopserve(context: BenchContext, small: BenchModel, model: BenchModel): Promise<Held> {
  let heapBytes = 0;
  const onLog = (line: string) => {
    const heap = /"event":"model-loaded".*"heap":(\d+)/.exec(line)?.[1];
    if (heap !== undefined) heapBytes = Number(heap);
  };
  const process = await startPopserve(context, { inspect: true, onLog });
  try {
    await sendOnce(process.port, binaryRequest(inferPath(small), small.inputs));
    const before = await jsBytesOf(process);
    await sendOnce(process.port, binaryRequest(inferPath(model), model.inputs));
    const jsBytes = await jsBytesOf(process);
    if (heapBytes === 0) throw new Error('the serving Worker did not log the size of its heap');
    return { heapBytes, jsBytes, jsGrowthBytes: jsBytes - before };
  } finally {
    await stopAll({ process });
  }
}

async function holdInStock(context: BenchContext, small: BenchModel, model: BenchModel): Promise<Held> {
  const process = await startStock(context, small, { inspect: true });
  try {
    const hold = async ({ onnx, inputs }: BenchModel) => {
      await measure<LoadReport>(process.port, '/measure/load', {}, onnx);
      return await measure<RunReport>(process.port, '/measure/run', { repeat: '1' }, inputFrame(inputs));
    };
    await hold(small);
    const before = await jsBytesOf(process);
    const { heapBytes } = await hold(model);
    const jsBytes = await jsBytesOf(process);
    return { heapBytes, jsBytes, jsGrowthBytes: jsBytes - before };
  } finally {
    await stopAll({ process });
  }
}

function jsBytesOf({ inspectorPort, port }: MeasuredWorker): Promise<number> {
  return measureJsMemory(`ws://127.0.0.1:${inspectorPort}/measured`, `http://127.0.0.1:${port}/`);
}
