// A written record is read as the tensors that it was made of.
import '../../harness/property-seed.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, recordsIn } from '../../../registry/batch.ts';
import type { Signature } from '../../../registry/signature.ts';
import { decodeRecords } from '../../../worker/protocol/decode-records.ts';
import { RecordRow } from '../../../worker/protocol/encode-record.ts';
import { parseJson } from '../../../worker/protocol/json.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

const signature: Signature = {
  inputs: [
    { name: 'text', datatype: 'BYTES', shape: [-1, 1] },
    { name: 'vector', datatype: 'FP32', shape: [-1, 3] },
    { name: 'grid', datatype: 'INT64', shape: [-1, 2, 2] },
    { name: 'flag', datatype: 'BOOL', shape: [-1] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
};

test('rows of a batch come back as the tensors that they were, by the names of the inputs', () => {
  const row = fc.record({
    text: fc.string({ unit: 'grapheme' }),
    vector: fc.array(fc.float({ noDefaultInfinity: true }), { minLength: 3, maxLength: 3 }),
    grid: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 4, maxLength: 4 }),
    flag: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      const count = rows.length;
      const inputs: Tensor[] = [
        {
          ...{ name: 'text', datatype: 'BYTES', shape: [count, 1] },
          data: rows.map(({ text }) => new TextEncoder().encode(text)),
        },
        { ...{ name: 'vector', datatype: 'FP32', shape: [count, 3] }, data: bytesOf(Float32Array, rows, 'vector') },
        { ...{ name: 'grid', datatype: 'INT64', shape: [count, 2, 2] }, data: bytesOf(BigInt64Array, rows, 'grid') },
        { name: 'flag', datatype: 'BOOL', shape: [count], data: Uint8Array.from(rows, ({ flag }) => Number(flag)) },
      ];
      expect(recordsIn(inputs, batchOf(signature))).toBe(count);
      const texts = rows.map((_, index) => new RecordRow({ signature }, index, count).inputs(inputs));
      const body = new TextEncoder().encode(`[${texts.join(',')}]`);
      const json = parseJson(body, { maxDepth: 8, maxValues: 1000 });
      const decoded = decodeRecords(
        { signature },
        {
          records: json.value as unknown[],
          exact: () => json.exact() as unknown[],
        },
      );
      expect(decoded.map(plain)).toEqual(inputs.map(plain));
    }),
  );
});

type Numbers = typeof Float32Array | typeof BigInt64Array;

function bytesOf(type: Numbers, rows: readonly { vector: number[]; grid: bigint[] }[], name: 'vector' | 'grid') {
  const values = rows.flatMap((row): (number | bigint)[] => row[name]);
  return new Uint8Array((type as unknown as { from(v: unknown[]): { buffer: ArrayBuffer } }).from(values).buffer);
}

/** NaN has many bit patterns. */
function plain({ name, datatype, shape, data }: Tensor) {
  const elements =
    datatype === 'FP32' && data instanceof Uint8Array
      ? Array.from(new Float32Array(data.slice().buffer))
      : data instanceof Uint8Array
        ? Array.from(data)
        : data.map((text) => new TextDecoder().decode(text));
  return { name, datatype, shape, elements };
}

test('inputs that do not agree on axis 0 are one row, as a whole', () => {
  const odd: Tensor[] = [
    { name: 'flag', datatype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
    { name: 'text', datatype: 'BYTES', shape: [1, 1], data: [new TextEncoder().encode('a')] },
  ];
  expect(recordsIn(odd, batchOf(signature))).toBe(1);
  expect(new RecordRow({ signature }, 0, 1).inputs(odd)).toBe('{"text":"a","flag":[true,false,true]}');
});
