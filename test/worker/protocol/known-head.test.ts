import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import type { Datatype } from '../../../registry/signature.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { encodeInferResponse } from '../../../worker/protocol/encode-response.ts';
import type { InferRequest } from '../../../worker/protocol/infer-request.ts';
import { type HeadParts, KnownHead } from '../../../worker/protocol/known-head.ts';
import { KnownHeads } from '../../../worker/protocol/known-heads.ts';
import { limits } from './wire.ts';

const signature = { inputs: [], outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1] }] };
const manifest = { model: 'm', version: '1', signature } as unknown as Manifest;
const admit = () => {};

interface Message {
  readonly body: Uint8Array;
  readonly headerLength: string | null;
}

function text(value: unknown, end = ''): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value) + end);
}

function binary(head: unknown, elements: Uint8Array): Message {
  const json = text(head);
  return { body: new Uint8Array([...json, ...elements]), headerLength: String(json.length) };
}

function decode(message: Message, onHead?: (parts: HeadParts) => void): InferRequest {
  return decodeInferRequest({ ...message, signature, limits, onHead });
}

/** The head of a message that was decoded; null where none is remembered. */
function learn(message: Message): KnownHead | null {
  let parts: HeadParts | null = null;
  const request = decode(message, (told) => {
    parts = told;
  });
  return parts === null ? null : KnownHead.of(manifest, message, parts, request);
}

function learnt(message: Message): KnownHead {
  const head = learn(message);
  if (head === null) throw new Error('the head was not remembered');
  return head;
}

function read(head: KnownHead, { body, headerLength }: Message): InferRequest | null {
  return head.read(body, headerLength, limits, admit);
}

/** What is said of a message: the request as plain values, or the message of the refusal. */
function told(run: () => InferRequest | null): unknown {
  try {
    const request = run();
    if (request === null) return null;
    const { known, inputs, ...rest } = request;
    const plain = inputs.map(({ data, ...input }) => ({
      ...input,
      data: data instanceof Uint8Array ? Array.from(data) : data.map((element) => Array.from(element)),
    }));
    return { ...rest, inputs: plain };
  } catch (error) {
    return String(error);
  }
}

const binaryHead = {
  id: 'a',
  parameters: { binary_data_output: true },
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } },
    { name: 'b', datatype: 'BOOL', shape: [3], parameters: { binary_data_size: 3 } },
  ],
};

function jsonHead(datatype: Datatype, shape: number[], data: unknown): Message {
  const input = { name: 'x', shape, datatype, data };
  return { body: text({ inputs: [input], parameters: { priority: 1 } }, ' '), headerLength: null };
}

describe('a body with a known head', () => {
  const elements = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const bools = fc.uint8Array({ minLength: 3, maxLength: 3, max: 2 });

  test('says what decoding it says, binary elements that are refused included', () => {
    const head = learnt(binary(binaryHead, new Uint8Array(19)));
    fc.assert(
      fc.property(elements, bools, (floats, flags) => {
        const message = binary(binaryHead, new Uint8Array([...floats, ...flags]));
        expect(told(() => read(head, message))).toEqual(told(() => decode(message)));
      }),
    );
  });

  const datatypes = ['FP32', 'FP64', 'FP16', 'BF16', 'INT8', 'UINT16', 'INT32', 'INT64', 'BOOL'] as const;
  test.each(datatypes)('says what decoding it says, elements that are JSON of %s, flat or nested', (datatype) => {
    const numbers =
      datatype.startsWith('FP') || datatype === 'BF16' ? fc.float({ noNaN: true }) : fc.integer({ min: 0, max: 1 });
    const head = learnt(jsonHead(datatype, [30, 50], Array(1500).fill(datatype === 'BOOL' ? true : 0)));
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1500, maxLength: 1500 }), fc.boolean(), (values, nested) => {
        const rows = Array.from({ length: 30 }, (_, row) => values.slice(row * 50, row * 50 + 50));
        const message = jsonHead(datatype, [30, 50], nested ? rows : values);
        const expected = told(() => decode(message));
        expect(told(() => read(head, message))).toEqual(typeof expected === 'string' ? null : expected);
      }),
      { numRuns: 20 },
    );
  });

  test('is left to the decoder, or read as it reads it, wherever a byte is another one', () => {
    const learntFrom = [binary(binaryHead, new Uint8Array(19)), jsonHead('INT32', [1200], Array(1200).fill(7))];
    const heads = learntFrom.map(learnt);
    const index = fc.nat({ max: 1 });
    const bytes = fc.constantFrom(...Array.from('[]{},:"0179.-eE nN\\', (character) => character.charCodeAt(0)));
    fc.assert(
      fc.property(index, fc.nat(), bytes, fc.integer({ min: -2, max: 2 }), (which, place, byte, longer) => {
        const [message, head] = [learntFrom[which], heads[which]];
        if (message === undefined || head === undefined) throw new Error('expected both');
        const body = new Uint8Array(Math.max(0, message.body.length + longer)).fill(0x31);
        body.set(message.body.subarray(0, body.length));
        body[place % body.length] = byte;
        const changed = { ...message, body };
        const known = told(() => read(head, changed));
        if (known !== null) expect(known).toEqual(told(() => decode(changed)));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['too few', 1199],
    ['too many', 1201],
  ])('is left to the decoder, which names the fault, for %s elements', (_, count) => {
    const head = learnt(jsonHead('INT32', [1200], Array(1200).fill(7)));
    const message = jsonHead('INT32', [1200], Array(count).fill(7));
    expect(read(head, message)).toBeNull();
    expect(told(() => decode(message))).toContain(`shape [1200] has 1200 elements, data has ${count}`);
  });

  test('asks for room before its JSON is read, and for none where its elements are a view', () => {
    const asked: string[] = [];
    const json = jsonHead('INT32', [1200], Array(1200).fill(7));
    const raw = binary(binaryHead, new Uint8Array(19));
    for (const message of [json, raw]) {
      learnt(message).read(message.body, message.headerLength, limits, ({ name }) => {
        asked.push(name);
      });
    }
    expect(asked).toEqual(['x']);
  });
});

describe('a head is not remembered', () => {
  test.each([
    ['with elements among it', { inputs: [{ name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] }] }],
    ['without inputs', { inputs: [] }],
    ['of plain records', { instances: [{ x: 1 }] }],
  ])('%s', (_, body) => {
    const named = { ...signature, inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1] }] };
    let parts: HeadParts | null = null;
    const message = { body: text(body), headerLength: null };
    decodeInferRequest({
      ...message,
      signature: named,
      limits,
      onHead: (heard) => {
        parts = heard;
      },
    });
    expect(parts).toBeNull();
  });

  test('of two arrays that stay bytes, one of which nobody asked for', () => {
    const data = JSON.stringify(Array(1200).fill(7));
    const entry = `{"name":"x","datatype":"INT32","shape":[1200],"data":${data}}`;
    const body = new TextEncoder().encode(`{"inputs":[${entry}],"outputs":[{"name":"y","data":${data}}]}`);
    expect(learn({ body, headerLength: null })).toBeNull();
  });

  test('of strings, which have no fixed length', () => {
    const head = { inputs: [{ name: 's', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 5 } }] };
    expect(learn(binary(head, Uint8Array.of(1, 0, 0, 0, 65)))).toBeNull();
  });

  test('of more than 4 KiB', () => {
    expect(learn(binary({ ...binaryHead, id: 'x'.repeat(4096) }, new Uint8Array(19)))).toBeNull();
  });
});

describe('KnownHeads', () => {
  const bodies = Array.from({ length: 5 }, (_, id) => binary({ ...binaryHead, id: String(id) }, new Uint8Array(19)));

  test('keeps the heads of the last four callers of a version', () => {
    const heads = new KnownHeads();
    for (const message of bodies) heads.keep(learnt(message));
    const ids = bodies.map((message) => heads.read(manifest, message, limits, admit)?.id);
    expect(ids).toEqual([undefined, '1', '2', '3', '4']);
  });

  test('knows nothing of another version', () => {
    const heads = new KnownHeads();
    const [message] = bodies;
    if (message === undefined) throw new Error('expected a body');
    heads.keep(learnt(message));
    expect(heads.read({ ...manifest }, message, limits, admit)).toBeNull();
  });

  test('holds half a mebibyte at most, however many versions there are', () => {
    const heads = new KnownHeads();
    const long = { ...binaryHead, id: 'x'.repeat(3000) };
    let most = 0;
    for (let version = 0; version < 100; version++) {
      const head = learnt(binary(long, new Uint8Array(19)));
      heads.keep(Object.assign(head, { manifest: { ...manifest } }));
      most = Math.max(most, heads.heldBytes);
    }
    expect(most).toBeGreaterThan(400_000);
    expect(most).toBeLessThanOrEqual(524_288);
  });
});

describe('the form of an answer', () => {
  const message = binary(binaryHead, new Uint8Array(19));

  function answers(head: KnownHead | undefined, request: InferRequest, shape: number[], values: number[]) {
    const data = new Uint8Array(Float32Array.from(values).buffer);
    return encodeInferResponse({
      ...{ modelName: 'm', modelVersion: '1', id: 'a' },
      request: { ...request, ...(head === undefined ? {} : { known: head }) },
      outputs: [{ name: 'y', datatype: 'FP32', shape, data }],
    });
  }

  test.each([true, false])(
    'makes the answer that is made without it, also when the shape changes (binary: %s)',
    (binaryOutputs) => {
      const head = learnt(message);
      const request = { ...decode(message), binaryOutputs };
      const numbers = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 3 });
      fc.assert(
        fc.property(numbers, (values) => {
          const shape = [values.length];
          expect(answers(head, request, shape, values)).toEqual(answers(undefined, request, shape, values));
        }),
      );
      expect(head.answer?.tensors).toHaveLength(1);
    },
  );

  test('is not kept where the text depends on the elements', () => {
    const head = learnt(message);
    const request: InferRequest = {
      ...decode(message),
      outputs: [{ name: 'y', binary: false, classification: 1 }],
    };
    expect(answers(head, request, [2], [1, 2]).body).toContain('"2:1"');
    expect(answers(head, request, [2], [3, 2]).body).toContain('"3:0"');
    expect(head.answer).toBeNull();
  });
});
