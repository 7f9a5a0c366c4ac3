// Records to tensors: how often a body's records are read, whatever the number of inputs.
import { expect, test } from 'vitest';
import type { Datatype } from '../../../registry/signature.ts';
import { decodePredictRequest } from '../../../worker/protocol/decode-predict.ts';
import { decodeRecords } from '../../../worker/protocol/decode-records.ts';
import { parseJson } from '../../../worker/protocol/json.ts';

const limits = { maxInputs: 64, maxElements: 100_000, maxJsonDepth: 8, maxJsonBytes: 100_000, maxRecords: 100 };
const names = Array.from({ length: 8 }, (_, index) => `input_${index}`);

function modelOf(datatype: Datatype) {
  return { signature: { inputs: names.map((name) => ({ name, datatype, shape: [-1] })), outputs: [] } };
}

/** The text of a row with the same value under every name. */
function rowOf(value: string): string {
  return `{${names.map((name) => `"${name}":${value}`).join(',')}}`;
}

test('exact records are asked for once by all inputs together, and only if an integer needs them', () => {
  const decode = (value: string) => {
    const json = parseJson(new TextEncoder().encode(`[${rowOf(value)}]`), { maxDepth: 8, maxValues: 100 });
    let asked = 0;
    const tensors = decodeRecords(modelOf('INT64'), {
      records: json.value as unknown[],
      exact: () => {
        asked++;
        return json.exact() as unknown[];
      },
    });
    return { asked, tensors };
  };
  expect(decode('7').asked).toBe(0);
  const { asked, tensors } = decode('9007199254740993');
  expect(asked).toBe(1);
  expect(tensors.map(({ data }) => new BigInt64Array((data as Uint8Array).slice().buffer)[0])).toEqual(
    names.map(() => 9_007_199_254_740_993n),
  );
});

test('instances are unwrapped once, not once for each input', () => {
  const rows = 50;
  const body = new TextEncoder().encode(`{"instances":[${Array(rows).fill(rowOf('{"b64":"AQ=="}')).join(',')}]}`);
  const decodeBase64 = globalThis.atob;
  let decoded = 0;
  globalThis.atob = (text) => {
    decoded++;
    return decodeBase64(text);
  };
  try {
    expect(decodePredictRequest(body, modelOf('BYTES'), limits).inputs).toHaveLength(names.length);
  } finally {
    globalThis.atob = decodeBase64;
  }
  expect(decoded).toBe(rows * names.length);
});
