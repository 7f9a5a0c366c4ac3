// The tables of docs/evidence/second-engine.md.
import { inMebibytes, number, spread, tableLines } from '../bench/report.ts';
import { pairedRatio, summarise } from '../summarise.ts';
import type { ModuleSize } from './bundles.ts';
import { type EngineName, engines } from './calls.ts';
import type { Verdict } from './judge-net.ts';
import type { StartUp } from './start-up.ts';

/** As `--answers` prints it, too. */
export function answerLines(verdicts: readonly Pick<Verdict, 'net' | 'answers'>[]): string[] {
  return [
    'The original in onnxruntime-web against the converted model, over the golden inputs and random ones: as many as fit into the',
    'time of a net, at most 1,000. The tolerance is 1e-3 + 1e-3 of the value; of a quantised net, as in',
    'publishing, two steps of its last integers where that is more.',
    '',
    ...tableLines({
      columns: ['net', 'inputs', 'within tolerance', 'elements beyond', 'largest difference', 'other labels'],
      rows: verdicts.map(({ net, answers }) => [
        net,
        String(answers.inputs),
        String(answers.within),
        `${answers.elementsBeyond} of ${answers.elements}`,
        answers.largest.toExponential(1),
        answers.otherLabels === null ? '(none)' : String(answers.otherLabels),
      ]),
    }),
  ];
}

export function operatorLines(verdicts: readonly Verdict[]): string[] {
  return tableLines({
    columns: ['net', 'operators of the converted model'],
    rows: verdicts.map(({ net, operators }) => [
      net,
      Object.entries(operators)
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
    ]),
  });
}

export function warmLines(verdicts: readonly Verdict[]): string[] {
  return [
    'Processor time of a run, ms:',
    '',
    ...tableLines({
      columns: ['net', ...engines],
      rows: verdicts.map(({ net, costs }) => [net, ...engines.map((engine) => spread(costs[engine].runCpuMs))]),
    }),
    '',
    'How many times as long the others take:',
    '',
    ...tableLines({
      columns: [
        'net',
        'stock over LiteRT',
        'in each process',
        'fast over LiteRT',
        'lean over LiteRT',
        'thin over LiteRT',
      ],
      rows: verdicts.map(({ net, overLiteRt, eachProcess }) => [
        net,
        spread(overLiteRt.stock),
        eachProcess.map(number).join(', '),
        spread(overLiteRt.fast),
        spread(overLiteRt.lean),
        spread(overLiteRt.thin),
      ]),
    }),
    '',
    ...tableLines({
      columns: ['net', 'stock over thin', 'fast over thin', 'lean over thin', 'thin of stock'],
      rows: verdicts.map(({ net, overThin }) => [
        net,
        spread(overThin.stock),
        spread(overThin.fast),
        spread(overThin.lean),
        number(1 / overThin.stock.median),
      ]),
    }),
  ];
}

export function coldLines(verdicts: readonly Verdict[]): string[] {
  const each = (text: (engine: EngineName) => string) => engines.map(text);
  return [
    'The linear memory after the warm runs, MiB:',
    '',
    ...tableLines({
      columns: ['net', 'converted model', ...engines],
      rows: verdicts.map(({ net, bytes, costs }) => [
        net,
        inMebibytes(bytes),
        ...each((engine) => inMebibytes(costs[engine].heapBytes)),
      ]),
    }),
    '',
    'Processor time of starting the engine, loading the model and its first answer, in processes that have done nothing else, ms:',
    '',
    ...tableLines({
      columns: ['net', ...engines],
      rows: verdicts.map(({ net, costs }) => [net, ...each((engine) => spread(costs[engine].coldCpuMs))]),
    }),
  ];
}

export function moduleLines(modules: readonly ModuleSize[]): string[] {
  return tableLines({
    columns: ['module', 'MiB', 'compressed (gzip), MiB'],
    rows: modules.map(({ name, bytes, compressed }) => [
      name.replace(/^[0-9a-f]{40}-/, ''),
      inMebibytes(bytes),
      inMebibytes(compressed),
    ]),
  });
}

export function startUpLines(startUp: StartUp): string[] {
  return [
    'Processor time from the start of workerd to the first answer of a Worker that loads no model:',
    '',
    ...tableLines({
      columns: ['Worker', 'CPU ms', 'of the other (paired)'],
      rows: [
        ['onnxruntime-web alone', spread(summarise(startUp.without)), '1'],
        [
          'with the second engine’s module',
          spread(summarise(startUp.with)),
          spread(pairedRatio(startUp.with, startUp.without)),
        ],
        ['the serving Worker', spread(summarise(startUp.serving)), '1'],
        [
          'the serving Worker with the module beside it, which nothing imports',
          spread(summarise(startUp.servingWith)),
          spread(pairedRatio(startUp.servingWith, startUp.serving)),
        ],
      ],
    }),
  ];
}
