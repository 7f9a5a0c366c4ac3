// Published descriptions of the protocol, held against the built Worker: each answer has the shape that they give it, and each
// request that they allow is read. `npm run conformance:oip` prints the titles as a table, together with conformance.test.ts.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { model, node, tensorValue } from '../../../../scripts/onnx/build.ts';
import { type Answer, TestPop } from '../../../harness/pop.ts';
import { adder, publication } from '../../../harness/small-models.ts';
import { moods } from '../../../harness/texts/word-models.ts';
import {
  anyInference,
  type DescribedCall,
  descriptions,
  kserveInference,
  kserveModelList,
} from './described-by-others.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(adder('adder', '1', 10));
});
afterAll(() => pop.stop());

const x = { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] };

function infer(body: object, path = 'adder'): Promise<Answer> {
  return pop.send('POST', `/v2/models/${path}/infer`, body, { 'content-type': 'application/json' });
}

/** Sends what provokes the status: a request that fits, one without inputs, or one to a model that is not there. */
function provoke({ verb, path, status }: DescribedCall): Promise<Answer> {
  const url = path.replace('{model}', status === 404 ? 'nobody' : 'adder').replace('{version}', '1');
  if (verb === 'GET') return pop.send('GET', url);
  if (url.includes('/repository/')) return pop.operate('POST', url, url.endsWith('/index') ? {} : undefined);
  return pop.send('POST', url, status === 400 ? { id: '42', inputs: [] } : { id: '42', inputs: [x] });
}

describe.each(Object.entries(descriptions))('%s', (_, calls) => {
  const rows = calls.map((call) => [`${call.verb} ${call.path}`, call.status, call] as const);
  test.each(rows)('%s answers %i in the shape that is described', async (_, __, call) => {
    const answer = await provoke(call);
    expect(answer.status).toBe(call.status);
    if (call.schema) expect(call.schema.safeParse(answer.json()).error).toBeUndefined();
  });
});

describe('Requests as all three describe them', () => {
  const word = fc.string({ maxLength: 20 });
  // The descriptions leave the values open; MLServer's own parameter "headers" is an object.
  const parameter = fc.jsonValue({ maxDepth: 2 });
  const ownNames = /^(binary_data|binary_data_size|binary_data_output|classification|sequence_|shared_memory_|top_k)/;
  const refusedNames = /"(__proto__|constructor|prototype)":/;
  const parameters = fc
    .dictionary(
      word.filter((name) => !ownNames.test(name)),
      parameter,
      { maxKeys: 4, noNullPrototype: true },
    )
    .filter((object) => !refusedNames.test(JSON.stringify(object)));
  const optional = { requiredKeys: [] };
  const outputs = fc
    .constantFrom('y')
    .chain((name) =>
      fc.array(fc.record({ name: fc.constant(name), parameters }, { requiredKeys: ['name'] }), { maxLength: 1 }),
    );
  const values = (rows: number) =>
    fc.array(fc.tuple(fc.integer({ min: -999, max: 999 }), fc.double({ min: -9, max: 9, noNaN: true })), {
      ...{ minLength: rows, maxLength: rows },
    });
  const input = fc.integer({ min: 1, max: 4 }).chain((rows) =>
    fc.record(
      {
        ...{ name: fc.constant('x'), datatype: fc.constant('FP32'), shape: fc.constant([rows, 2]), parameters },
        data: fc.tuple(values(rows), fc.boolean()).map(([data, flat]) => (flat ? data.flat() : data)),
      },
      { requiredKeys: ['name', 'datatype', 'shape', 'data'] },
    ),
  );

  test('"id", "parameters" and "outputs" may be there or not, data flat or nested, and all of it is inferred', () =>
    fc.assert(
      fc.asyncProperty(fc.record({ id: word, parameters, outputs }, optional), input, async (rest, tensor) => {
        const answer = await infer({ ...rest, inputs: [tensor] });
        expect([answer.status, new TextDecoder().decode(answer.bytes)]).toEqual([200, expect.any(String)]);
        const { id, outputs: given } = anyInference.parse(answer.json());
        expect(id).toBe(rest.id);
        expect(given).toMatchObject([{ name: 'y', shape: tensor.shape }]);
        expect(given[0]?.data).toHaveLength(tensor.data.flat().length);
      }),
      { numRuns: 60 },
    ));

  test('"content_type" and "headers" of MLServer are accepted on the request and its tensors', async () => {
    const parameters = { content_type: 'np', headers: { 'x-request-id': '1' } };
    const answer = await infer({ parameters, inputs: [{ ...x, parameters }], outputs: [{ name: 'y', parameters }] });
    expect(answer.status).toBe(200);
  });

  test('strings and vectors as MLServer’s codecs write them, of shape [n,1], are read as [n]', async () => {
    await pop.release(moods('moods', '1'));
    const text = { name: 'text', datatype: 'BYTES', shape: [2, 1], data: ['a good film', 'bad'] };
    const answer = await infer({ parameters: { content_type: 'str' }, inputs: [text] }, 'moods');
    const flat = await infer({ inputs: [{ ...text, shape: [2] }] }, 'moods');
    expect([answer.status, answer.json()]).toEqual([200, flat.json()]);
  });
});

describe('Differences that remain', () => {
  const list = async () => (await pop.send('GET', '/v2/models')).json();

  test('GET /v2/models: KServe lists names; this list has the versions and aliases of each model too, so its entries are objects', async () => {
    expect(kserveModelList.safeParse(await list()).success).toBe(false);
    expect(await list()).toMatchObject({
      models: expect.arrayContaining([expect.objectContaining({ name: 'adder' })]),
    });
  });

  test('"id" of an inference answer: KServe makes one up; the protocol’s text returns one only if the request has it', async () => {
    const answer = await infer({ inputs: [x] });
    expect(kserveInference.safeParse(answer.json()).success).toBe(false);
    expect(anyInference.safeParse(answer.json()).success).toBe(true);
  });

  test('null among the data: no description has it, and JSON has no other value for NaN', async () => {
    const answer = await infer({ inputs: [{ ...x, data: [null, 2, 3, 4] }] });
    expect(anyInference.safeParse(answer.json()).success).toBe(false);
    expect(answer.json()).toMatchObject({ outputs: [{ data: [null, 12, 13, 14] }] });
  });

  test('binary answers: their outputs have "parameters": {"binary_data_size"} and no "data", as the extension demands', async () => {
    const answer = await infer({ inputs: [x], parameters: { binary_data_output: true } });
    const head = answer.bytes.subarray(0, Number(answer.headers.get('inference-header-content-length')));
    const json: unknown = JSON.parse(new TextDecoder().decode(head));
    expect(anyInference.safeParse(json).success).toBe(false);
    expect(json).toMatchObject({ outputs: [{ parameters: { binary_data_size: 16 } }] });
  });

  test('FP16 and BF16 in JSON: MLServer’s list of datatypes has FP16; here both travel in the binary form alone, as in Triton', async () => {
    const answer = await infer({ inputs: [{ ...x, datatype: 'FP16' }] });
    expect([answer.status, answer.json()]).toEqual([400, { error: expect.stringContaining('FP16') }]);
  });

  test('Booleans as strings: an example in KServe’s models has "data": ["true"]; elements of BOOL are true and false here', async () => {
    const bool = (name: string) => ({ name, datatype: 'BOOL' as const, shape: [-1] });
    const built = model({
      ...{ name: 'negation', opsets: { '': 17 }, nodes: [node('Not', ['a'], ['b'])] },
      ...{ inputs: [tensorValue('a', 9, ['n'])], outputs: [tensorValue('b', 9, ['n'])] },
    });
    await pop.release(publication('negation', '1', built, { inputs: [bool('a')], outputs: [bool('b')] }));
    const ask = (data: unknown[]) => infer({ inputs: [{ ...bool('a'), shape: [1], data }] }, 'negation');
    expect((await ask([true])).json()).toMatchObject({ outputs: [{ data: [false] }] });
    expect((await ask(['true'])).status).toBe(400);
  });

  test.each(['__proto__', 'constructor', 'prototype'])(
    'a member called %s in "parameters": the descriptions leave names open; libraries write such members to a prototype, so they are refused',
    async (name) => {
      const answer = await infer({ inputs: [x], parameters: Object.fromEntries([[name, 1]]) });
      expect([answer.status, answer.json()]).toEqual([400, { error: expect.stringContaining(name) }]);
    },
  );

  test.each(['infer_stream', 'generate', 'generate_stream'])(
    'POST /v2/models/{model}/%s: for models that write text, which are not served here: 501 with the error’s shape',
    async (call) => {
      const answer = await pop.send('POST', `/v2/models/adder/${call}`, { text_input: 'a' });
      expect([answer.status, answer.json()]).toEqual([501, { error: expect.any(String) }]);
    },
  );

  test('load and unload of a model that is not there: MLServer describes 400; 404 here, as for every other call', async () => {
    const headers = { authorization: `Bearer ${pop.pop.token}` };
    const answer = await pop.send('POST', '/v2/repository/models/nobody/load', undefined, headers);
    expect([answer.status, answer.json()]).toEqual([404, { error: expect.any(String) }]);
  });

  test('load and unload: KServe answers {"name", "load"}; the body is empty here, as Triton and MLServer describe', async () => {
    const answer = await pop.operate('POST', '/v2/repository/models/adder/load');
    expect(answer.bytes).toHaveLength(0);
  });
});
