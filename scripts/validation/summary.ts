// Findings of the release gate, for a terminal: figures beside those of the version that is served, and what is not as required.
import type { Evaluation } from '../../registry/evaluation.ts';
import { isError, isRegressionText } from './requirement.ts';

/** Above so many classes a confusion matrix does not fit on a screen. */
const mostClassesShown = 8;

/** @returns cells of a table, the first row its header; and lines that stand for themselves */
export function summarize(evaluation: Evaluation, failures: readonly string[]): { rows: string[][]; lines: string[] } {
  const { data, task, metrics, gate, native, warnings = [] } = evaluation;
  const { stable } = gate;
  const { checked, unchecked } = requirementsOf(evaluation);
  const compared = (name: string, value: number) => {
    const before = stable?.metrics[name];
    return before === undefined ? [] : [shown(before), change(name, value, before)];
  };
  const blank = stable === undefined ? [] : ['', ''];
  const rows = Object.entries(metrics).map(([name, value]) => {
    const cells = compared(name, value);
    return [name, shown(value), ...(cells.length > 0 ? cells : blank), intervalText(evaluation, name)];
  });
  const header = ['METRIC', 'VALUE', ...(stable === undefined ? [] : [stable.version.toUpperCase(), 'CHANGE']), '95 %'];
  const nativeLine =
    native === null
      ? 'not compared with native onnxruntime'
      : `native onnxruntime ${native.agrees ? 'agrees' : 'differs'}`;
  return {
    rows: [header, ...rows],
    lines: [
      `${task} on ${data.file}, ${data.rows} rows; ${nativeLine}`,
      judgedLine(evaluation),
      ...absentLines(evaluation),
      ...warnings.map((warning) => `warning: ${warning}`),
      ...failures.map((failure) => `${gate.forced === undefined ? 'not as required' : 'passed over'}: ${failure}`),
      ...(gate.forced === undefined ? [] : [`released nevertheless: ${gate.forced.reason}`]),
      ...(gate.notCompared === undefined || failures.includes(gate.notCompared)
        ? []
        : [`not compared: ${gate.notCompared}`]),
      ...(failures.length === 0 && checked.length > 0 ? [`as required: ${checked.join(', ')}`] : []),
      ...(unchecked.length > 0 ? [`nothing to compare with, so not checked: ${unchecked.join(', ')}`] : []),
    ],
  };
}

const orders = {
  graph: 'in the order of the graph',
  labels: 'in the order of --labels',
  column: 'by the numbers of their columns',
  positive: 'of which --positive names the second',
} as const;
/** Names shown of a long list of classes. */
const mostNamed = 12;

/** Inferences: which outputs were judged, in which order the classes are, and which of two is the positive one. */
export function judgedLine({ outputs, classes = [], order, positive }: Evaluation): string {
  const judged = Object.entries(outputs).map(([role, name]) => `${role} '${name}'`);
  const named = `${classes.slice(0, mostNamed).join(', ')}${classes.length > mostNamed ? ', …' : ''}`;
  const parts = [
    `judged: ${judged.join(', ')}`,
    ...(classes.length === 0 ? [] : [`classes ${named}${order === undefined ? '' : ` ${orders[order]}`}`]),
    ...(positive === undefined ? [] : [`positive class '${positive}'`]),
  ];
  return parts.join('; ');
}

/** Figures that could not be computed, those with one reason in one line. */
export function absentLines({ absent = {} }: Evaluation): string[] {
  const reasons = new Map<string, string[]>();
  for (const [name, reason] of Object.entries(absent)) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  return [...reasons].map(([reason, names]) => `not computed: ${names.join(', ')}: ${reason}`);
}

export function intervalText({ intervals }: Evaluation, name: string): string {
  const interval = intervals?.[name];
  return interval === undefined ? '' : `${shown(interval[0])} to ${shown(interval[1])}`;
}

/** Requirements by whether they were held against anything: a limit on regression needs a version to compare with. */
export function requirementsOf({ gate }: Evaluation): { checked: string[]; unchecked: string[] } {
  const isUnchecked = (text: string) => gate.stable === undefined && isRegressionText(text);
  return {
    checked: gate.requirements.filter((text) => !isUnchecked(text)),
    unchecked: gate.requirements.filter(isUnchecked),
  };
}

/** Rows: the true class; columns: the predicted one. Null where there is none, or too many classes. */
export function confusionTable({ classes, confusion }: Evaluation): string[][] | null {
  if (classes === undefined || confusion === undefined || classes.length > mostClassesShown) return null;
  const rows = confusion.map((counts, index) => [classes[index] ?? '', ...counts.map(String)]);
  return [['TRUE \\ PREDICTED', ...classes], ...rows];
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function change(name: string, value: number, before: number): string {
  const difference = Number((value - before).toPrecision(3));
  if (Math.abs(difference) < 5e-7) return 'same';
  const isBetter = isError(name) ? difference < 0 : difference > 0;
  return `${difference > 0 ? '+' : ''}${difference} ${isBetter ? 'better' : 'worse'}`;
}
