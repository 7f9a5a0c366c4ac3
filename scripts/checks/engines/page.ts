// The page docs/evidence/second-engine.md: what a run has measured, and behind it the part that people wrote.
import type { Machine } from '../bench/machine.ts';
import { number, tableLines } from '../bench/report.ts';
import { quantile } from '../summarise.ts';
import type { ModuleSize } from './bundles.ts';
import { isRight } from './compare-answers.ts';
import type { RefusedNet } from './convert-nets.ts';
import type { Verdict } from './judge-net.ts';
import { type SuiteResult, suiteLines } from './operator-suite.ts';
import type { StartUp } from './start-up.ts';
import { answerLines, coldLines, moduleLines, operatorLines, startUpLines, warmLines } from './tables.ts';

/** The second engine is worth building when so many nets convert with the same answers and their median is so much faster. */
const gate = { nets: 6, timesFaster: 1.5 } as const;
/** The engine is to reach this once it is built. */
const goal = { ofStock: 0.55 } as const;

export interface Results {
  readonly machine: Machine;
  readonly litertVersion: string;
  readonly verdicts: readonly Verdict[];
  readonly refused: readonly RefusedNet[];
  readonly modules: readonly ModuleSize[];
  readonly startUp: StartUp;
  /** null: it was not run. */
  readonly suite: readonly SuiteResult[] | null;
  readonly quick: boolean;
  /** The results are those of all nets, not of a few that were asked for. */
  readonly whole: boolean;
  /** The run took so long. */
  readonly seconds: number;
}

/** Medians of the nets whose answers are right; 0 where there is none. */
export function judge({ verdicts }: Pick<Results, 'verdicts'>) {
  const right = verdicts.filter(({ answers }) => isRight(answers));
  const median = (of: (verdict: Verdict) => number) => (right.length === 0 ? 0 : quantile(right.map(of), 0.5));
  const timesFaster = median(({ overLiteRt }) => overLiteRt.stock.median);
  return {
    right: right.length,
    timesFaster,
    ofStock: median(({ overThin }) => 1 / overThin.stock.median),
    passed: right.length >= gate.nets && timesFaster >= gate.timesFaster,
  };
}

const keptFrom = '## What was looked into';

/** The part of an earlier page that people wrote. */
export function keptPart(page: string): string {
  const at = page.indexOf(keptFrom);
  return at === -1 ? '' : `\n${page.slice(at)}`;
}

/** @param kept {@link keptPart} of the page before */
export function enginesPage(results: Results, kept: string): string {
  const { machine, verdicts, refused, litertVersion, suite } = results;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    '# A second engine for convolution nets',
    '',
    `Written by \`npm run engines\`${kept === '' ? '' : ', but for its last part'}. It holds LiteRT.js (TensorFlow Lite with XNNPACK and relaxed SIMD) against`,
    'onnxruntime-web, which serves beside it. ONNX models are converted by `scripts/convert-litert`, with the same weights.',
    ...(results.quick ? ['', '**Made with `--quick`: too few rounds for figures.**'] : []),
    ...(results.whole ? [] : ['', '**Made of some nets only, which do not decide about the engine.**']),
    '',
    `- Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}; load at the start ${machine.load}`,
    `- Versions: ${[...versions, `@litertjs/core ${litertVersion}`].join(', ')}`,
    `- Date: ${machine.date}; the run took ${number(results.seconds / 60)} minutes`,
    '- All engines run in one isolate of bare workerd, one thread each, without HTTP around a run; inputs are copied in and outputs',
    '  out. Stock is onnxruntime-web’s own API with `.onnx` and all defaults; LiteRT is the API of its package, `thin` popserve’s',
    '  session layer over the same runtime, `fast` and `lean` are that over onnxruntime with the model in ORT format. Blocks',
    '  of runs alternate between the engines; a figure is the processor time of the whole process during a block, over its runs:',
    '  the median, quartiles in brackets. A ratio is of two blocks of the same round.',
    '',
    '## Figures',
    '',
    ...figureLines(results),
    '',
    '## Answers',
    '',
    ...answerLines(verdicts),
    '',
    ...operatorLines(verdicts),
    ...refused.flatMap(({ net, reason }) => ['', `- ${net} is refused: ${reason}.`]),
    '',
    '## Warm runs',
    '',
    ...warmLines(verdicts),
    '',
    '## Memory and cold starts',
    '',
    ...coldLines(verdicts),
    '',
    '## The module',
    '',
    ...moduleLines(results.modules),
    '',
    ...startUpLines(results.startUp),
    '',
    '## The ONNX operator suite',
    '',
    ...(suite === null
      ? ['Not run.']
      : [
          'Each case of a single operator over the conversion. `other types`: inputs or outputs that are not FP32; `not loaded`: native',
          'onnxruntime, which folds the model, does not take it. Operators without an equal case are left out below.',
          '',
          ...suiteLines(suite),
        ]),
    '',
  ];
  return `${lines.join('\n')}${kept}`;
}

function figureLines(results: Results): string[] {
  const { verdicts, refused, suite } = results;
  const { right, timesFaster, ofStock, passed } = judge(results);
  const wrong = suite?.filter(({ end }) => end === 'different' || end === 'failed').length;
  return [
    ...tableLines({
      columns: ['figure', 'goal', 'measured', ''],
      rows: [
        [
          'nets that convert, every answer within tolerance',
          `${gate.nets} of ${verdicts.length + refused.length}`,
          String(right),
          met(right >= gate.nets),
        ],
        [
          'median of these nets: stock’s processor time over LiteRT’s',
          `>= ${gate.timesFaster}`,
          number(timesFaster),
          met(timesFaster >= gate.timesFaster),
        ],
        [
          'median of these nets: the thin layer’s processor time over stock’s',
          `<= ${goal.ofStock}`,
          number(ofStock),
          met(ofStock <= goal.ofStock && right > 0),
        ],
        ...(wrong === undefined
          ? []
          : [['operator suite: cases with other numbers, or that fail', '0', String(wrong), met(wrong === 0)]]),
      ],
    }),
    ...(results.whole
      ? ['', `The first two decided whether the engine is worth building: it is${passed ? '' : ' not'}.`]
      : []),
  ];
}

function met(isMet: boolean): string {
  return isMet ? 'met' : '**missed**';
}
