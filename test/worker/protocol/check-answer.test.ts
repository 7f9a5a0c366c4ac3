import { describe, expect, test } from 'vitest';
import { elementBytes } from '../../../registry/signature.ts';
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

test('strings count with their lengths, small integers with their digits', () => {
  const text = { name: 't', datatype: 'BYTES' as const, shape: [2], data: [new Uint8Array(300), new Uint8Array(300)] };
  expect(() => checkAnswerSize([text], { outputs: null, binaryOutputs: false }, 600)).toThrow("output 't'");
  const mask = { name: 'm', datatype: 'UINT8' as const, shape: [1000], data: new Uint8Array(1000) };
  checkAnswerSize([mask], { outputs: null, binaryOutputs: false }, 4000);
});

// The longest text of each datatype, as the encoder writes it, with the comma behind it.
test.each([
  ['BOOL', 'false'],
  ['UINT8', '255'],
  ['UINT16', '65535'],
  ['UINT32', '4294967295'],
  ['UINT64', '18446744073709551615'],
  ['INT8', '-128'],
  ['INT16', '-32768'],
  ['INT32', '-2147483648'],
  ['INT64', '-9223372036854775808'],
  ['FP32', '-1.1754944e-38'],
  ['FP64', '-2.2250738585072014e-308'],
] as const)('%s counts with its longest text, %s', (datatype, text) => {
  const one = { name: 'y', datatype, shape: [1], data: new Uint8Array(elementBytes[datatype]) };
  const inJson = { outputs: null, binaryOutputs: false };
  checkAnswerSize([one], inJson, text.length + 1);
  expect(() => checkAnswerSize([one], inJson, text.length)).toThrow(
    expect.objectContaining({ code: 'TOO_LARGE', message: expect.stringContaining(`the limit is ${text.length}`) }),
  );
});

test('the binary form is named only where it is smaller, not asked for yet, and within the limit', () => {
  const refusal = (binaryOutputs: boolean, maxBytes: number) => {
    try {
      checkAnswerSize([output], { outputs: null, binaryOutputs }, maxBytes);
    } catch (error) {
      return (error as Error).message.includes('(ask for it in the binary form)');
    }
    throw new Error('was not refused');
  };
  expect([refusal(false, 4000), refusal(false, 3999), refusal(true, 3999)]).toEqual([true, false, false]);
});

describe('classification', () => {
  const scores = (name: string, shape: number[]) => ({ ...output, name, shape });
  const wish = (name: string, classification: number) => ({ name, binary: undefined, classification });
  const check = (outputs: ReturnType<typeof scores>[], wishes: ReturnType<typeof wish>[]) =>
    checkAnswerSize(outputs, { outputs: wishes, binaryOutputs: false }, 0);

  test.each([
    [[65_536], 65_536],
    [[2, 32_768], 32_768],
    [[256, 16, 16], 300],
    [[65_537], 65_536],
    [[65_536, 5], 1],
    [[], 9],
  ])('of %j names %i classes at most, which is within the limit', (shape, count) => {
    check([scores('y', shape)], [wish('y', count)]);
  });

  test.each([
    [[65_537], 65_537],
    [[2, 32_769], 32_769],
    [[257, 16, 16], 300],
    [[65_537, 5], 1],
  ])('of %j names %i classes at most, which is too many', (shape, count) => {
    expect(() => check([scores('y', shape)], [wish('y', count)])).toThrow(
      expect.objectContaining({
        code: 'TOO_LARGE',
        message: `output 'y': classification ${count} of FP32 [${shape}] names more than 65536 classes: ask for fewer, or for the tensor`,
      }),
    );
  });

  test('counts over all outputs, each by its own wish', () => {
    const outputs = [scores('y', [40_000]), scores('z', [40_000])];
    check(outputs, [wish('z', 5), wish('y', 40_000)]);
    expect(() => check(outputs, [wish('z', 40_000), wish('y', 40_000)])).toThrow("output 'z'");
  });
});
