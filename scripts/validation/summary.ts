// What the release gate found, for a terminal: figures beside those of the version that is served, and what is not as required.
import type { Evaluation } from '../../registry/evaluation.ts';
import { isError, isRegressionText } from './requirement.ts';

/** Above so many classes a confusion matrix does not fit on a screen. */
const mostClassesShown = 8;

/** @returns cells of a table, the first row its header; and lines that stand for themselves */
export function summarize(evaluation: Evaluation, failures: readonly string[]): { rows: string[][]; lines: string[] } {
  const { data, task, metrics, gate, native } = evaluation;
  const { stable } = gate;
  const { checked, unchecked } = requirementsOf(evaluation);
  const compared = (name: string, value: number) => {
    const before = stable?.metrics[name];
    return before === undefined ? [] : [shown(before), change(name, value, before)];
  };
  const rows = Object.entries(metrics).map(([name, value]) => [name, shown(value), ...compared(name, value)]);
  const header = ['METRIC', 'VALUE', ...(stable === undefined ? [] : [stable.version.toUpperCase(), 'CHANGE'])];
  const nativeLine =
    native === null
      ? 'not compared with native onnxruntime'
      : `native onnxruntime ${native.agrees ? 'agrees' : 'differs'}`;
  return {
    rows: [header, ...rows],
    lines: [
      `${task} on ${data.file}, ${data.rows} rows; ${nativeLine}`,
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

/** What was asked, by whether it was held against anything: a limit on regression needs a version to compare with. */
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
