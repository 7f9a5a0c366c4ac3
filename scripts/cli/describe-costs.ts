// The cost of runs on larger and larger inputs when a version was published, drawn as bars against the limits of a run.

import type { RunCosts } from '../../registry/run-costs.ts';
import { elementCount } from '../../registry/signature.ts';
import { type Line, sizeText, table } from './report.ts';

/** Signs of a bar that is as long as the limit. */
const widest = 20;

/** @returns a table for each series of runs, with a line above that says what grew */
export function describeCosts({ clock, limitMs, limitBytes, series }: RunCosts): Line[] {
  const time = `time${clock === 'processor' ? ' on the processor' : ''} against ${limitMs} ms`;
  return series.flatMap(({ moved, points }) => {
    const rows = points.map(({ shape, ms, heapBytes }) => [
      `[${shape.join(',')}]`,
      String(elementCount(shape)),
      `${ms} ms`,
      bar(ms / limitMs),
      sizeText(heapBytes),
      bar(heapBytes / limitBytes),
    ]);
    const what = moved.map((name) => `'${name}'`).join(', ');
    return [
      '',
      `larger ${what}: ${time}, heap against ${sizeText(limitBytes)}`,
      ...table([['LARGEST INPUT', 'ELEMENTS', 'TIME', '', 'HEAP SO FAR', ''], ...rows]),
    ];
  });
}

/** A run that took next to nothing has a thin bar. */
function bar(share: number): string {
  const signs = Math.min(widest, Math.round(share * widest));
  return signs === 0 ? '▏' : '█'.repeat(signs);
}
