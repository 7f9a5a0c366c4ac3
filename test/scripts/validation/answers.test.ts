import { describe, expect, it } from 'vitest';
import { answered, batchesOf, ownRows } from '../../../scripts/validation/answers.ts';
import type { TestData } from '../../../scripts/validation/test-data.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

function tensor(values: readonly number[]): Tensor {
  return { name: 'x', datatype: 'UINT8', shape: [values.length], data: Uint8Array.from(values) };
}

/** Rows whose only element is their number; remembers what was read. */
function numbered(rows: number): { data: TestData; reads: string[] } {
  const reads: string[] = [];
  const inputs = (from: number, to: number) => {
    reads.push(`${from}-${to}`);
    return [tensor(Array.from({ length: to - from }, (_, index) => from + index))];
  };
  const reference = { file: 'rows', digest: `sha256:${'0'.repeat(64)}`, rows };
  return { data: { reference, label: 'label', truth: [], inputs, names: new Map(), notes: [] }, reads };
}

describe('batches of test data', () => {
  it('read their rows when they are run, and again when they are run again', async () => {
    const { data, reads } = numbered(5);
    const batches = batchesOf(data, { rows: 2, isFixed: false });
    expect(batches.map(({ from, to }) => [from, to])).toEqual([
      [0, 2],
      [2, 4],
      [4, 5],
    ]);
    expect(reads).toEqual([]);
    expect(await batches[1]?.readInputs()).toEqual([tensor([2, 3])]);
    await batches[1]?.readInputs();
    expect(reads).toEqual(['2-4', '2-4']);
  });

  it('are filled up where the model insists on more rows, which its answers do not show', async () => {
    const { data } = numbered(5);
    const [, last] = batchesOf(data, { rows: 3, isFixed: true });
    if (last === undefined) throw new Error('expected two batches');
    const inputs = await last.readInputs();
    expect(inputs).toEqual([tensor([3, 4, 4])]);
    expect(ownRows(last, inputs)).toEqual([tensor([3, 4])]);
    expect(answered(last, [tensor([7, 8, 8])])).toEqual({ from: 3, to: 5, outputs: [tensor([7, 8])] });
  });
});
