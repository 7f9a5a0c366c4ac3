import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut, wrapped } from '../../../scripts/cli/layout.ts';
import { sentence, table } from '../../../scripts/cli/report.ts';

const rows = [
  ['MODEL', 'NOTHING', 'WHY'],
  ['press', '', 'the bearings of the third press run hot in summer'],
  ['m', '', 'new'],
];

describe('layOut', () => {
  it('aligns columns and leaves out those without cells', () => {
    expect(layOut(['above', ...table([rows[0] ?? [], rows[2] ?? []])], null)).toEqual([
      'above',
      'MODEL  WHY',
      'm      new',
    ]);
  });

  it('goes on in the next line where the terminal is narrower', () => {
    expect(layOut(table(rows), 30)).toEqual([
      'MODEL  WHY',
      'press  the bearings of the',
      '       third press run hot in',
      '       summer',
      'm      new',
    ]);
  });

  it('keeps a row to one line where there is no terminal', () => {
    expect(layOut(table(rows), null)).toHaveLength(3);
  });

  it('lets a sentence go on below its own beginning, and a line that is to be pasted as it is', () => {
    const lines = ['npx popserve publish model.onnx', sentence('ok      cache: simulated on this machine', 8)];
    expect(layOut(lines, 24)).toEqual([
      'npx popserve publish model.onnx',
      'ok      cache: simulated',
      '        on this machine',
    ]);
    expect(layOut(lines, null)).toEqual([lines[0], 'ok      cache: simulated on this machine']);
  });

  it('never lets a sentence pass the width, nor lose a word', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 });
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 80 }), (given, columns) => {
        const lines = layOut([sentence(`note: ${given.join(' ')}`, 6)], columns);
        expect(lines.every((line) => line.length <= columns)).toBe(true);
        expect(lines.map((line) => line.trim()).join(' ')).toBe(`note: ${given.join(' ')}`);
      }),
    );
  });

  it('never cuts and never passes the width, down to eight places a column', () => {
    const cell = fc.string({ maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 2 }),
        fc.integer({ min: 28, max: 120 }),
        (given, columns) => {
          const lines = layOut(table(given), columns);
          expect(lines.every((line) => line.length <= columns)).toBe(true);
        },
      ),
    );
  });

  it('wraps without losing a word', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }),
        fc.integer({ min: 12, max: 40 }),
        (words, width) => {
          const lines = wrapped(words.join(' '), width);
          expect(lines.join(' ')).toBe(words.join(' '));
          expect(lines.every((line) => line.length <= width)).toBe(true);
        },
      ),
    );
  });
});
