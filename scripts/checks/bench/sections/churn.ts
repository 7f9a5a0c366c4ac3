// The effect of a long life on an isolate: hundreds of versions loaded, run and released; the heap given up a hundred times.

import type { Manifest } from '../../../../registry/manifest.ts';
import { mebibyte } from '../../../../registry/mebibytes.ts';
import { loadQuery, startBare, startPopserve, stopAll } from '../contestants.ts';
import { httpRequest } from '../http-connection.ts';
import { type BenchModel, inputFrame } from '../models.ts';
import { inMebibytes, number } from '../report.ts';
import { measure, sendOnce } from '../requests.ts';
import { residentMemoryBytes } from '../resident-memory.ts';
import type { BenchContext, Section } from '../section.ts';
import type { LoadReport, ReplaceReport, RunReport } from '../workers/bench-protocol.ts';

export const churn: Section = {
  name: 'churn',
  async run(context) {
    const { quick, note } = context;
    const [versions, replacements] = quick ? [30, 20] : [200, 100];
    const sizes = quick ? [2, 5, 8] : [1, 2, 3, 5, 7, 9, 11, 13, 15, 17, 19, 20];
    const models: BenchModel[] = [];
    for (const size of sizes) models.push(await context.models.matmul(size));
    note('churn: the session layer');
    const layer = await churnSessionLayer(context, models, versions);
    note('churn: the serving Worker');
    const worker = await churnServingWorker(context, models, versions);
    note('churn: replacing the heap');
    const replaced = await replaceHeaps(context, models, replacements);
    const growth = layer.besideBytes / layer.pairBytes;
    return {
      title: 'A long life',
      how: [
        `Versions: ${versions}, of ${models.length} MatMul models of ${sizes[0]} to ${sizes.at(-1)} MiB in turns, no two alike next to each other. Session layer: each loaded and run in one heap without a limit, beside the one before it, as a switchover does, which is then released. Serving Worker: each requested by its version with the settings of wrangler.toml, so that the oldest make room.`,
        `Replacements: the isolate’s heap ended ${replacements} times as after a trap and started again in its own memory, each time with a model of ${sizes.at(-1)} MiB loaded at once. A heap that is given up instead counts until V8 has collected it.`,
      ],
      tables: [
        {
          columns: ['what', 'value'],
          rows: [
            ['session layer: heap with the two largest alone, MiB', inMebibytes(layer.pairBytes)],
            [
              `session layer: heap after ${versions} versions, each beside the one before it, MiB`,
              inMebibytes(layer.besideBytes),
            ],
            [
              `session layer: the same, each after the one before it was released, MiB`,
              inMebibytes(layer.alternatelyBytes),
            ],
            [`serving Worker: answers of ${versions}, errors`, `${worker.answers}, ${worker.errors}`],
            ['serving Worker: heap at the end, MiB', inMebibytes(worker.heapBytes)],
            [`replacements: most that live and discarded heaps took, MiB`, inMebibytes(replaced.mostBytes)],
            ['replacements: most discarded heaps not yet collected, MiB', inMebibytes(replaced.mostDiscardedBytes)],
            [
              'replacements: resident memory of the process after the first and the last, MiB',
              `${inMebibytes(replaced.firstResidentBytes)}, ${inMebibytes(replaced.lastResidentBytes)}`,
            ],
            ['replacements: refused for lack of room', String(replaced.refused)],
          ],
        },
      ],
      figures: [
        {
          what: `${versions} different versions loaded, run and released in one isolate: heap against the two largest together`,
          reach: '<= 1.1',
          measured: number(growth),
          met: growth <= 1.1,
        },
        {
          what: `the same in the serving Worker: errors`,
          reach: '0',
          measured: String(worker.errors),
          met: worker.errors === 0,
        },
        {
          what: `${replacements} forced heap replacements: live and discarded heaps`,
          reach: `<= ${number(replaced.budgetBytes / mebibyte)} MiB (the budget)`,
          measured: `${inMebibytes(replaced.mostBytes)} MiB`,
          met: replaced.mostBytes <= replaced.budgetBytes,
        },
      ],
    };
  },
};

async function churnSessionLayer(context: BenchContext, models: readonly BenchModel[], versions: number) {
  const load = (port: number, model: BenchModel, beside: boolean) =>
    measure<LoadReport>(port, '/measure/load', { ...loadQuery(model, 'lean'), beside: String(beside) }, model.artifact);
  const run = (port: number, model: BenchModel) =>
    measure<RunReport>(port, '/measure/run', { repeat: '1' }, inputFrame(model.inputs));
  const runAll = async (order: readonly BenchModel[], beside: boolean) => {
    const process = await startBare(context);
    try {
      let heapBytes = 0;
      for (const model of order) {
        await load(process.port, model, beside);
        heapBytes = (await run(process.port, model)).heapBytes;
      }
      return heapBytes;
    } finally {
      await stopAll({ process });
    }
  };
  const order = Array.from({ length: versions }, (_, index) => pick(models, index));
  return {
    pairBytes: await runAll(models.slice(-2), true),
    besideBytes: await runAll(order, true),
    alternatelyBytes: await runAll(order, false),
  };
}

async function churnServingWorker(context: BenchContext, models: readonly BenchModel[], versions: number) {
  const [first] = models;
  if (!first) throw new Error('no models');
  // All are versions of one model, each with the signature of what it is.
  const manifests = Array.from({ length: versions }, (_, index): Manifest => {
    const { manifest } = pick(models, index);
    return { ...manifest, model: 'churn', version: String(index + 1) };
  });
  await context.models.store.release(manifests, []);
  let heapBytes = 0;
  const onLog = (line: string) => {
    const heap = /"event":"model-loaded".*"heap":(\d+)/.exec(line)?.[1];
    if (heap !== undefined) heapBytes = Number(heap);
  };
  const process = await startPopserve(context, { onLog });
  let answers = 0;
  let errors = 0;
  try {
    for (const { version } of manifests) {
      try {
        await sendOnce(process.port, httpRequest('GET', `/v2/models/churn/versions/${version}/ready`));
        answers++;
      } catch {
        errors++;
      }
    }
  } finally {
    await stopAll({ process });
  }
  return { answers, errors, heapBytes };
}

async function replaceHeaps(context: BenchContext, models: readonly BenchModel[], replacements: number) {
  const model = models.at(-1);
  if (!model) throw new Error('no models');
  const process = await startBare(context);
  try {
    let mostBytes = 0;
    let mostDiscardedBytes = 0;
    let budgetBytes = 0;
    let refused = 0;
    let firstResidentBytes = 0;
    for (let index = 0; index <= replacements; index++) {
      const report = await measure<ReplaceReport>(process.port, '/measure/replace', {}, model.artifact);
      mostBytes = Math.max(mostBytes, report.liveBytes + report.discardedBytes);
      mostDiscardedBytes = Math.max(mostDiscardedBytes, report.discardedBytes);
      budgetBytes = report.budgetBytes;
      if (report.refused !== null) refused++;
      if (index === 0) firstResidentBytes = await residentMemoryBytes(process.pid);
    }
    const lastResidentBytes = await residentMemoryBytes(process.pid);
    return { mostBytes, mostDiscardedBytes, budgetBytes, refused, firstResidentBytes, lastResidentBytes };
  } finally {
    await stopAll({ process });
  }
}

/** Small and large in turns: the room that one leaves rarely suits the next. */
function pick(models: readonly BenchModel[], index: number): BenchModel {
  const model = models[(index * 7) % models.length];
  if (!model) throw new Error('no models');
  return model;
}
