// BYTES through the runtime: any bytes of any length go in and come out as they are.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { decodeInferResponse } from '../../../worker/protocol/decode-response.ts';
import { encodeInferRequest } from '../../../worker/protocol/encode-request.ts';
import { TestPop } from '../../harness/pop.ts';
import { publication } from '../../harness/small-models.ts';

const path = '/v2/models/echo/infer';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  const echo = model({
    name: 'echo',
    opsets: { '': 17 },
    inputs: [tensorValue('text', 8, ['n'])],
    outputs: [tensorValue('same', 8, ['n'])],
    nodes: [node('Identity', ['text'], ['same'])],
  });
  await pop.release(
    publication(
      'echo',
      '1',
      echo,
      {
        inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
        outputs: [{ name: 'same', datatype: 'BYTES', shape: [-1] }],
      },
      // As if publishing had tried it without strings.
      { zeroSizes: [[{ input: 'text', axis: 0 }]] },
    ),
  );
});
afterAll(() => pop.stop());

async function echoed(strings: readonly Uint8Array[]): Promise<unknown> {
  const input = { name: 'text', datatype: 'BYTES' as const, shape: [strings.length], data: strings };
  const { body, headers } = encodeInferRequest([input], { binary: true, binaryOutputs: true });
  const answer = await pop.send('POST', path, body, headers);
  expect(answer.status).toBe(200);
  const headerLength = answer.headers.get('inference-header-content-length');
  return decodeInferResponse({ body: answer.bytes, headerLength }).outputs[0]?.data;
}

test('any bytes, in the short and the long form of onnxruntime’s strings', async () => {
  const byte = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));
  const string = fc.array(byte, { maxLength: 40 }).map((bytes) => Uint8Array.from(bytes));
  await fc.assert(
    fc.asyncProperty(fc.array(string, { maxLength: 6 }), async (strings) => {
      expect(await echoed(strings)).toEqual(strings);
    }),
    { numRuns: 60 },
  );
});

test('a NUL in JSON', async () => {
  const data = ['', 'Grüße 🎉', 'b\0c', '\0'];
  const answer = await pop.send('POST', path, { inputs: [{ name: 'text', datatype: 'BYTES', shape: [4], data }] });
  expect(answer.json()).toMatchObject({ outputs: [{ data }] });
});
