import { expect, test } from 'vitest';
import { sectionLines } from '../../../../scripts/checks/bench/report.ts';
import { runSection } from '../../../../scripts/checks/bench/run-section.ts';
import type { BenchContext, SectionResult } from '../../../../scripts/checks/bench/section.ts';

const notes: string[] = [];
// No section of these tests measures anything.
const context = { quick: true, note: (text: string) => notes.push(text) } as unknown as BenchContext;
const measured: SectionResult = { title: 'Loading', how: [], tables: [], figures: [] };

test('a section that works gives its result', async () => {
  const run = await runSection({ name: 'loading', run: async () => measured }, context);
  expect(run).toEqual({ result: measured, failed: false });
});

test('a section that fails is told in its place with its reason, and as a figure that was missed', async () => {
  const run = async () => {
    throw new Error('the model was refused: 96 | 97 MiB\nand a trace');
  };
  const { result, failed } = await runSection({ name: 'js-memory', run }, context);
  expect(failed).toBe(true);
  expect(result.figures).toMatchObject([{ what: "section 'js-memory'", measured: 'failed', met: false }]);
  const page = sectionLines(result).join('\n');
  expect(page).toContain("The section 'js-memory' failed");
  expect(page).toContain('the model was refused');
  expect(page).not.toContain('and a trace');
  expect(notes.join()).toContain('and a trace');
});
