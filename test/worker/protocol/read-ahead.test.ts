// Plain numbers that are read ahead, and arrays whose end was found quickly: what they mean is what JSON.parse and exact ends say.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDataSlice } from '../../../worker/protocol/data-slice.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { decodeTensors } from '../../../worker/protocol/decode-tensors.ts';
import { parseJson, requestLimits } from '../../../worker/protocol/json.ts';
import { uncounted } from '../../../worker/protocol/slice-reader.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { limits } from './wire.ts';

const encoder = new TextEncoder();
const signature = { inputs: [], outputs: [] };

const digits = (most: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: most });
/** Numbers of 13 to 19 digits among them: 15 is where one division is no longer exact. */
const plain = fc
  .tuple(fc.constantFrom('', '-'), digits(12), fc.option(digits(9)))
  .map(
    ([sign, integer, fraction]) =>
      `${sign}${integer.replace(/^0+(?=.)/, '')}${fraction === null ? '' : `.${fraction}`}`,
  );
const any = fc.oneof(
  { weight: 5, arbitrary: plain },
  fc.constantFrom(
    '0',
    '-0',
    '0.0',
    '-0.10',
    '1e3',
    '2.5E-7',
    '-1e-30',
    '123456789012345',
    '1234567890123456',
    '0.000000000000001',
  ),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ noNaN: true, min: -1e30, max: 1e30 }).map(String),
);
const gap = fc.constantFrom('', '', '', ' ', '  ', '\n', '\t ');

const types = { FP32: Float32Array, FP64: Float64Array, FP16: Float16Array } as const;

describe.each(['FP32', 'FP64', 'FP16'] as const)('%s', (datatype) => {
  const fits = (text: string) => Number.isFinite(types[datatype].of(Number(text))[0]);
  const elements = fc.array(any.filter(fits), { minLength: 1, maxLength: 24 });

  test('flat and nested arrays are the numbers that JSON.parse makes of them, rounded once more', () => {
    fc.assert(
      fc.property(elements, fc.array(gap, { minLength: 24, maxLength: 24 }), fc.boolean(), (texts, gaps, nested) => {
        const spaced = texts.map((text, index) => `${gaps[index]}${text}${gaps[23 - index]}`);
        const rows = [`[${spaced.join(',')}]`, `[${[...spaced].reverse().join(', ')}]`];
        const text = nested ? `[${rows.join(',')}]` : (rows[0] ?? '');
        const values = (JSON.parse(text) as (number | number[])[]).flat();
        const shape = nested ? [2, texts.length] : [texts.length];
        const bytes = encoder.encode(text);
        const slice = { bytes, start: 0, end: bytes.length, commas: uncounted, containers: nested ? 3 : 1 };
        const read = decodeDataSlice({ where: 'x', datatype, shape, count: values.length }, slice);
        expect(read).toEqual(new Uint8Array(types[datatype].from(values).buffer));
      }),
      { numRuns: 500 },
    );
  });
});

test('a value beyond FP16 is refused, wherever it stands', () => {
  const bytes = encoder.encode('[1,65505,65519,65520,2]');
  const slice = { bytes, start: 0, end: bytes.length, commas: uncounted, containers: 1 };
  const read = () => decodeDataSlice({ where: 'x', datatype: 'FP16', shape: [5], count: 5 }, slice);
  expect(read).toThrow('element 3 is 65520');
});

function bodyOf(data: string): Uint8Array {
  return encoder.encode(`{"inputs":[{"name":"x","datatype":"FP32","shape":[300],"data":${data}}],"id":"]"}`);
}

function told(run: () => readonly Tensor[]): unknown {
  try {
    return run().map(({ name, shape, data }) => ({ name, shape, data: Array.from(data as Uint8Array) }));
  } catch (error) {
    return String(error);
  }
}

const quick = (body: Uint8Array) => decodeInferRequest({ body, headerLength: null, signature, limits }).inputs;

function exact(body: Uint8Array): Tensor[] {
  const json = parseJson(body, { maxDepth: limits.maxJsonDepth, ...requestLimits }, 'tensors', 'exact');
  const { maxInputs: maxTensors, maxElements } = limits;
  const tensors = decodeTensors('input', json, new Uint8Array(), { maxTensors, maxElements });
  json.settle();
  return tensors;
}

const numbers = Array.from({ length: 300 }, (_, index) => String(index / 4));

describe('an array whose end was found quickly', () => {
  test('is the same as with exact ends', () => {
    const body = bodyOf(`[${numbers.join(', ')}]`);
    expect(told(() => quick(body))).toEqual(told(() => exact(body)));
  });

  test.each([
    ['a string with a bracket', '"]"'],
    ['an array', '[1]'],
    ['an object', '{"a":[1]}'],
    ['NaN in quotes', '"NaN"'],
    ['nothing', ''],
    ['a bracket too many', '1]'],
  ])('is told apart by what stands among its numbers: %s', (_, item) => {
    for (const at of [1, 150, 299]) {
      const items = numbers.map((text, index) => (index === at ? item : text));
      const body = bodyOf(`[${items.join(',')}]`);
      expect(told(() => quick(body))).toEqual(told(() => exact(body)));
    }
  });

  test('is refused by the same message wherever a byte of it is another one', () => {
    const body = bodyOf(`[${numbers.join(',')}]`);
    const start = Buffer.from(body).indexOf('[0,');
    const bytes = fc.constantFrom(...Array.from('[]{},:"0179.-eE nN\\', (character) => character.charCodeAt(0)));
    fc.assert(
      fc.property(fc.nat(), bytes, (place, byte) => {
        const changed = body.slice();
        changed[start + (place % (body.length - start))] = byte;
        expect(told(() => quick(changed))).toEqual(told(() => exact(changed)));
      }),
      { numRuns: 2000 },
    );
  });

  test('gives the room back that was taken for it, before it is read once more', () => {
    const steps: string[] = [];
    const items = numbers.map((text, index) => (index === 200 ? 'true' : text));
    const message = { body: bodyOf(`[${items.join(',')}]`), headerLength: null, signature, limits };
    const admit = () => void steps.push('taken');
    const onRepeat = () => void steps.push('given');
    expect(() => decodeInferRequest({ ...message, admit, onRepeat })).toThrow('element 200');
    expect(steps).toEqual(['taken', 'given', 'taken']);
  });
});
