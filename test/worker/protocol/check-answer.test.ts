import { expect, test } from 'vitest';
import { checkAnswerSize } from '../../../worker/protocol/check-answer.ts';

const output = { name: 'y', datatype: 'FP32' as const, shape: [1000], data: new Uint8Array(4000) };

test('an answer within the limit passes, in JSON as in binary', () => {
  checkAnswerSize([output], { outputs: null, binaryOutputs: false }, 15_000);
  checkAnswerSize([output], { outputs: null, binaryOutputs: true }, 4000);
});

test('one beyond it is refused with its size, and told if the binary form would do', () => {
  expect(() => checkAnswerSize([output], { outputs: null, binaryOutputs: false }, 14_999)).toThrow(
    "output 'y': FP32 [1000] makes an answer of 15000 bytes or more, the limit is 14999 (ask for it in the binary form)",
  );
  expect(() => checkAnswerSize([output], { outputs: null, binaryOutputs: true }, 3999)).toThrow(/the limit is 3999$/);
});

test('outputs add up; one of which only classes are asked for counts nothing', () => {
  const other = { ...output, name: 'z' };
  expect(() => checkAnswerSize([output, other], { outputs: null, binaryOutputs: true }, 5000)).toThrow("output 'z'");
  const classes = { name: 'z', binary: undefined, classification: 3 };
  const asked = { name: 'y', binary: true, classification: undefined };
  checkAnswerSize([output, other], { outputs: [asked, classes], binaryOutputs: false }, 5000);
});

test('an output without elements counts for the places before its zero', () => {
  const empty = (shape: number[]) => ({ name: 'y', datatype: 'FP32' as const, shape, data: new Uint8Array() });
  const request = { outputs: null, binaryOutputs: false };
  checkAnswerSize([empty([1000, 0]), empty([0, 2 ** 31 - 1])], request, 3000);
  for (const shape of [
    [1001, 0],
    [2 ** 31 - 1, 0],
    [2 ** 31 - 1, 2 ** 31 - 1, 0],
  ]) {
    expect(() => checkAnswerSize([empty(shape)], request, 3000)).toThrow("output 'y': FP32 [");
  }
  const classes = { outputs: [{ name: 'y', binary: undefined, classification: 3 }], binaryOutputs: false };
  expect(() => checkAnswerSize([empty([2 ** 31 - 1, 0])], classes, 3000)).toThrow('has no elements');
});

test('strings count as JSON writes them, with every escape', () => {
  const request = { outputs: null, binaryOutputs: false };
  for (const string of ['', 'plain', '"quoted" \\ back', '\b\t\n\f\r', '\u0000\u001f\u0001', 'grün ☃ 😀\u007f\u2028']) {
    const text = {
      name: 't',
      datatype: 'BYTES' as const,
      shape: [2],
      data: [string, string].map((each) => utf8(each)),
    };
    // The brackets stand for the last comma and for one more.
    const exact = utf8(JSON.stringify([string, string])).length - 1;
    expect(checkAnswerSize([text], request, 1000), string).toBe(exact);
    expect(() => checkAnswerSize([text], request, exact - 1), string).toThrow("output 't'");
  }
});

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test('strings count with their lengths, small integers with their digits', () => {
  const text = { name: 't', datatype: 'BYTES' as const, shape: [2], data: [new Uint8Array(300), new Uint8Array(300)] };
  expect(() => checkAnswerSize([text], { outputs: null, binaryOutputs: false }, 600)).toThrow("output 't'");
  const mask = { name: 'm', datatype: 'UINT8' as const, shape: [1000], data: new Uint8Array(1000) };
  checkAnswerSize([mask], { outputs: null, binaryOutputs: false }, 4000);
});
