// A faulty request gets a 4xx that names the fault, and the next request is answered.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ MAX_BODY_MIB: '1' });
  await pop.release(adder('adder', '1', 10));
});
afterAll(() => pop.stop());

const good = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

afterEach(async () => {
  const answer = await pop.send('POST', '/v2/models/adder/infer', good);
  expect(answer.status).toBe(200);
  expect(answer.json<{ outputs: { data: number[] }[] }>().outputs[0]?.data).toEqual([11, 12]);
});

function inputs(change: object) {
  return { inputs: [{ ...good.inputs[0], ...change }] };
}

describe('JSON', () => {
  test.each([
    ['a wrong input name', inputs({ name: 'z' }), "'z'"],
    ['a missing input', { inputs: [] }, "'x'"],
    ['an input twice', { inputs: [good.inputs[0], good.inputs[0]] }, "'x'"],
    ['no inputs at all', {}, "'inputs'"],
    ['a wrong shape', inputs({ shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }), 'expected FP32 [-1,2], got FP32 [2,3]'],
    ['a wrong rank', inputs({ shape: [2] }), 'expected FP32 [-1,2], got FP32 [2]'],
    ['a wrong datatype', inputs({ datatype: 'INT32' }), 'expected FP32 [-1,2], got INT32 [1,2]'],
    ['an unknown datatype', inputs({ datatype: 'FP33' }), 'FP33'],
    ['too few elements', inputs({ data: [1] }), 'has 2 elements, data has 1'],
    ['a negative dimension', inputs({ shape: [-1, 2] }), '-1'],
    ['an enormous shape', inputs({ shape: [4294967296, 4294967296] }), '4294967296'],
    [
      'a dimension beyond 2^53',
      `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,18446744073709551617],"data":[]}]}`,
      '[1] is 18446744073709551617, expected',
    ],
    ['a parameter of the wrong kind', { ...good, parameters: { binary_data_output: { x: 1 } } }, 'got an object'],
    ['a string among numbers', inputs({ data: [1, 'two'] }), 'element 1'],
    ['ragged rows', inputs({ shape: [2, 2], data: [[1, 2], [3]] }), 'dimension 1'],
    ['an unknown output', { ...good, outputs: [{ name: 'q' }] }, "'q'"],
    ['a request that is no object', [1, 2], 'the body'],
  ])('%s', async (_, request, named) => {
    const answer = await pop.send('POST', '/v2/models/adder/infer', request);
    const { error } = answer.json<{ error: string }>();
    expect(answer.status, error).toBe(400);
    expect(error).toContain(named);
  });

  test.each([
    ['not JSON', '{"inputs": [', 'JSON'],
    ['HTML', '<html><body>502 Bad Gateway</body></html>', 'JSON'],
    ['nothing', '', ''],
  ])('%s', async (_, body, named) => {
    const answer = await pop.send('POST', '/v2/models/adder/infer', body);
    expect(answer.status).toBe(400);
    expect(answer.json<{ error: string }>().error).toContain(named);
  });
});

describe('binary', () => {
  const header = JSON.stringify({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } }],
  });
  const body = (bytes: number) => new Uint8Array([...new TextEncoder().encode(header), ...new Uint8Array(bytes)]);

  test.each([
    ['a body that is cut short', body(15), String(header.length), '16'],
    ['bytes that belong to no tensor', body(17), String(header.length), '1'],
    ['a header length beyond the body', body(16), '100000', '100000'],
    ['a negative header length', body(16), '-1', '-1'],
    ['a header length that is no number', body(16), 'ten', 'ten'],
    ['a header length within the header', body(16), '10', 'JSON'],
    ['a raw tensor of no whole rows', new Uint8Array(12), '0', '12'],
  ])('%s', async (_, bytes, length, named) => {
    const answer = await pop.send('POST', '/v2/models/adder/infer', bytes, {
      'inference-header-content-length': length,
    });
    const { error } = answer.json<{ error: string }>();
    expect(answer.status, error).toBe(400);
    expect(error).toContain(named);
  });

  test('the size of a tensor is not that of its shape', async () => {
    const wrong = header.replace('16', '12');
    const bytes = new Uint8Array([...new TextEncoder().encode(wrong), ...new Uint8Array(12)]);
    const answer = await pop.send('POST', '/v2/models/adder/infer', bytes, {
      'inference-header-content-length': String(wrong.length),
    });
    expect(answer.status).toBe(400);
    expect(answer.json<{ error: string }>().error).toContain("input 'x'");
  });
});

describe('around the body', () => {
  test('a body over the limit is refused with the limit', async () => {
    const answer = await pop.send('POST', '/v2/models/adder/infer', new Uint8Array(1_048_577));
    expect(answer.status).toBe(413);
    expect(answer.json<{ error: string }>().error).toContain('1048576');
  });

  test('a body of unknown length over the limit is refused as well', async () => {
    const body = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(65_536));
        controller.close();
      },
    });
    const response = await fetch(new URL('/v2/models/adder/infer', pop.pop.url), {
      method: 'POST',
      body,
      duplex: 'half',
    });
    expect(response.status).toBe(413);
    await response.arrayBuffer();
  });

  test('an unknown content type or encoding is refused with what is supported', async () => {
    const html = await pop.send('POST', '/v2/models/adder/infer', '{}', { 'content-type': 'text/html' });
    expect(html.status).toBe(415);
    expect(html.json<{ error: string }>().error).toContain('application/json');
    for (const type of ['text/json2', 'application/json-seq', 'application/x-ndjson', 'json', '+json']) {
      const other = await pop.send('POST', '/v2/models/adder/infer', good, { 'content-type': type });
      expect([type, other.status]).toEqual([type, 415]);
    }
    const encoded = await pop.send('POST', '/v2/models/adder/infer', '{}', { 'content-encoding': 'br' });
    expect(encoded.status).toBe(415);
  });

  test.each([
    'application/json',
    'APPLICATION/JSON; charset=utf-8',
    'text/json',
    'application/x-json',
    'text/x-json',
    'application/vnd.api+json',
    'model/gltf+json',
    'text/plain',
    'application/octet-stream',
  ])('a body of the type %s is read as JSON', async (type) => {
    const answer = await pop.send('POST', '/v2/models/adder/infer', good, { 'content-type': type });
    expect(answer.status).toBe(200);
  });

  test('parameters that nobody reads may hold anything: objects such as headers, lists, numbers', async () => {
    const parameters = { headers: { 'x-a': 'b' }, list: [{ a: [1] }], content_type: 'np', sequence_id: 42 };
    const [x] = good.inputs;
    const request = { parameters, inputs: [{ ...x, parameters }], outputs: [{ name: 'y', parameters }] };
    const answer = await pop.send('POST', '/v2/models/adder/infer', request);
    expect([answer.status, answer.json<{ outputs: object[] }>().outputs]).toMatchObject([200, [{ data: [11, 12] }]]);
  });

  test('a wrong verb gets 405 with the right ones, an unknown path 404', async () => {
    const verb = await pop.send('DELETE', '/v2/models/adder/infer');
    expect(verb.status).toBe(405);
    expect(verb.headers.get('allow')).toBe('GET, HEAD, POST');
    expect((await pop.send('GET', '/v3')).status).toBe(404);
  });
});
