// The page docs/evidence/second-engine.md.
import type { Machine } from '../bench/machine.ts';
import { inMebibytes, number, spread, tableLines } from '../bench/report.ts';
import { pairedRatio, quantile, summarise } from '../summarise.ts';
import type { ModuleSize } from './bundles.ts';
import { type EngineName, engines } from './calls.ts';
import { isRight } from './compare-answers.ts';
import type { Verdict } from './judge-net.ts';

/** The second engine is worth building when so many nets convert with the same answers and their median is so much faster. */
export const gate = { nets: 6, timesFaster: 1.5 } as const;

export interface Results {
  readonly machine: Machine;
  readonly litertVersion: string;
  readonly verdicts: readonly Verdict[];
  readonly refused: readonly { readonly net: string; readonly reason: string }[];
  readonly modules: readonly ModuleSize[];
  /** Processor time until a Worker answers, with and without the second engine's module in it. */
  readonly startUp: Readonly<Record<'with' | 'without' | 'serving' | 'servingWith', readonly number[]>>;
  readonly quick: boolean;
}

export function judge({ verdicts }: Pick<Results, 'verdicts'>) {
  const right = verdicts.filter(({ answers }) => isRight(answers));
  const median =
    right.length === 0
      ? 0
      : quantile(
          right.map(({ timesFaster }) => timesFaster.median),
          0.5,
        );
  return { right: right.length, median, passed: right.length >= gate.nets && median >= gate.timesFaster };
}

const keptFrom = '## What was looked into';

/** The part of an earlier page that people wrote. */
export function keptPart(page: string): string {
  const at = page.indexOf(keptFrom);
  return at === -1 ? '' : `\n${page.slice(at)}`;
}

/** @param kept {@link keptPart} of the page before */
export function enginesPage(results: Results, kept: string): string {
  const { machine, verdicts, refused, modules, startUp, litertVersion } = results;
  const { right, median, passed } = judge(results);
  const nets = verdicts.length + refused.length;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    '# A second engine for convolution nets',
    '',
    'Written by `npm run engines`, but for its last part. It says whether LiteRT.js (TensorFlow Lite with XNNPACK and relaxed SIMD) should serve',
    'convolution nets beside onnxruntime-web. ONNX models are converted by `scripts/convert-litert`, with the same weights.',
    ...(results.quick ? ['', '**Made with `--quick`: too few rounds for figures.**'] : []),
    '',
    `- Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}; load at the start ${machine.load}`,
    `- Versions: ${[...versions, `@litertjs/core ${litertVersion}`].join(', ')}`,
    `- Date: ${machine.date}`,
    '- All engines run in one isolate of bare workerd, one thread each, without HTTP around a run; inputs are copied in and outputs',
    '  out. Stock is onnxruntime-web’s own API with `.onnx` and all defaults. Blocks of runs alternate between the engines; a figure',
    '  is the processor time of the whole process during a block, over its runs: the median, quartiles in brackets.',
    '',
    '## The gate',
    '',
    ...tableLines({
      columns: ['what', 'reach', 'measured', ''],
      rows: [
        [
          'nets that convert, every answer within tolerance',
          `${gate.nets} of ${nets}`,
          String(right),
          met(right >= gate.nets),
        ],
        [
          'median of the nets: stock’s processor time over LiteRT’s',
          `>= ${gate.timesFaster}`,
          number(median),
          met(median >= gate.timesFaster),
        ],
      ],
    }),
    '',
    passed ? 'The gate is passed.' : 'The gate is not passed: the second engine stays out of the product.',
    '',
    '## Answers',
    '',
    ...answerLines(verdicts),
    '',
    ...tableLines({
      columns: ['net', 'operators of the converted model'],
      rows: verdicts.map(({ net, operators }) => [
        net,
        Object.entries(operators)
          .map(([name, count]) => `${name} ${count}`)
          .join(', '),
      ]),
    }),
    ...refused.flatMap(({ net, reason }) => ['', `- ${net} is refused: ${reason}.`]),
    '',
    '## Warm runs',
    '',
    ...tableLines({
      columns: [
        'net',
        'stock, CPU ms',
        'LiteRT, CPU ms',
        'times faster (paired)',
        'of stock',
        'times faster in each process',
      ],
      rows: verdicts.map(({ net, costs, timesFaster, eachProcess }) => [
        net,
        spread(costs.stock.runCpuMs),
        spread(costs.litert.runCpuMs),
        spread(timesFaster),
        number(1 / timesFaster.median),
        eachProcess.map(number).join(', '),
      ]),
    }),
    '',
    '### Against popserve’s own profiles',
    '',
    'The session layer of the serving Worker with the model in ORT format; in the last columns its processor time over LiteRT’s.',
    '',
    ...tableLines({
      columns: ['net', 'fast, CPU ms', 'lean, CPU ms', 'faster than fast (paired)', 'faster than lean (paired)'],
      rows: verdicts.map(({ net, costs, timesFasterThan }) => [
        net,
        spread(costs.fast.runCpuMs),
        spread(costs.lean.runCpuMs),
        spread(timesFasterThan.fast),
        spread(timesFasterThan.lean),
      ]),
    }),
    '',
    '### A thinner layer',
    '',
    'LiteRT.js below its own JavaScript: buffers of the inputs that are made once, inputs copied straight into its memory.',
    '',
    ...tableLines({
      columns: ['net', 'LiteRT, CPU ms', 'thin, CPU ms', 'thin over LiteRT (paired)'],
      rows: verdicts.map(({ net, costs, timesFasterThan }) => [
        net,
        spread(costs.litert.runCpuMs),
        spread(costs.thin.runCpuMs),
        spread(timesFasterThan.thin),
      ]),
    }),
    '',
    '## Memory and cold starts',
    '',
    'The linear memory after the warm runs, and the processor time of starting the engine, loading the model and its first answer,',
    'in processes that have done nothing else.',
    '',
    ...tableLines({
      columns: [
        'net',
        'converted, MiB',
        ...engines.map((engine) => `${engine}, heap MiB`),
        ...engines.map((engine) => `${engine}, cold CPU ms`),
      ],
      rows: verdicts.map(({ net, bytes, costs }) => {
        const each = (text: (engine: EngineName) => string) => engines.map(text);
        return [
          net,
          inMebibytes(bytes),
          ...each((engine) => inMebibytes(costs[engine].heapBytes)),
          ...each((engine) => spread(costs[engine].coldCpuMs)),
        ];
      }),
    }),
    '',
    '## The module',
    '',
    ...tableLines({
      columns: ['module', 'MiB', 'compressed (gzip), MiB'],
      rows: modules.map(({ name, bytes, compressed }) => [
        name.replace(/^[0-9a-f]{40}-/, ''),
        inMebibytes(bytes),
        inMebibytes(compressed),
      ]),
    }),
    '',
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
        ['the serving Worker', spread(summarise(startUp.serving)), ''],
        [
          'the serving Worker with the module beside it, which nothing imports',
          spread(summarise(startUp.servingWith)),
          `${spread(pairedRatio(startUp.servingWith, startUp.serving))} of the serving Worker`,
        ],
      ],
    }),
    '',
  ];
  return `${lines.join('\n')}${kept}`;
}

/** The table of answers alone, as `--answers` prints it. */
export function answerLines(verdicts: readonly Pick<Verdict, 'net' | 'answers'>[]): string[] {
  return [
    'The original in onnxruntime-web against the converted model, over the golden inputs and random ones. The tolerance is',
    '1e-3 + 1e-3 of the value.',
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

function met(isMet: boolean): string {
  return isMet ? 'met' : '**missed**';
}
