// The Open Inference Protocol's text, sentence by sentence: each title is what it demands, each test asks the built Worker.
// `npm run conformance:oip` prints them as a table. Sections: specification/protocol/inference_rest.md of
// kserve/open-inference-protocol; for the extensions docs/protocol/extension_*.md of triton-inference-server/server.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { model, node, tensorValue } from '../../../../scripts/onnx/build.ts';
import { type Answer, TestPop } from '../../../harness/pop.ts';
import { adder, publication } from '../../../harness/small-models.ts';
import { binaryData, type Element } from '../../../worker/protocol/wire.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(adder('adder', '1', 10));
  await pop.release(adder('adder', 'v10', 20), false);
  await pop.release(echo());
  await pop.release(halves());
});
afterAll(() => pop.stop());

/** Elements that show whether every bit arrives. */
const samples = {
  BOOL: [true, false],
  UINT8: [0, 255],
  UINT16: [0, 65535],
  UINT32: [0, 4294967295],
  UINT64: [0n, 18446744073709551615n],
  INT8: [-128, 127],
  INT16: [-32768, 32767],
  INT32: [-2147483648, 2147483647],
  INT64: [-9223372036854775808n, 9223372036854775807n],
  FP32: [1.5, -0.1],
  FP64: [0.1, -1e300],
  BYTES: ['', 'Grüße'],
} satisfies Record<string, readonly Element[]>;

type Name = keyof typeof samples;
const names = Object.keys(samples) as Name[];
const onnxTypes: Record<Name, number> = {
  ...{ BOOL: 9, UINT8: 2, UINT16: 4, UINT32: 12, UINT64: 13, INT8: 3, INT16: 5, INT32: 6, INT64: 7 },
  ...{ FP32: 1, FP64: 11, BYTES: 8 },
};

/** Gives back each of its inputs, one of every datatype that JSON carries. */
function echo() {
  const spec = (datatype: Name, prefix: string) => ({ name: `${prefix}_${datatype}`, datatype, shape: [-1] });
  const built = model({
    name: 'echo',
    opsets: { '': 17 },
    inputs: names.map((name) => tensorValue(`in_${name}`, onnxTypes[name], ['n'])),
    outputs: names.map((name) => tensorValue(`out_${name}`, onnxTypes[name], ['n'])),
    nodes: names.map((name) => node('Identity', [`in_${name}`], [`out_${name}`])),
  });
  return publication('echo', '1', built, {
    inputs: names.map((name) => spec(name, 'in')),
    outputs: names.map((name) => spec(name, 'out')),
  });
}

/** Datatypes that JSON does not carry, with their element types of ONNX. */
const binaryOnly = { FP16: 10, BF16: 16 } as const;

function halves() {
  const entries = Object.entries(binaryOnly) as [keyof typeof binaryOnly, number][];
  const spec = (datatype: keyof typeof binaryOnly, prefix: string) => ({
    ...{ name: `${prefix}_${datatype}`, datatype, shape: [-1] },
  });
  const built = model({
    name: 'halves',
    opsets: { '': 17 },
    inputs: entries.map(([name, type]) => tensorValue(`in_${name}`, type, ['n'])),
    outputs: entries.map(([name, type]) => tensorValue(`out_${name}`, type, ['n'])),
    nodes: entries.map(([name]) => node('Identity', [`in_${name}`], [`out_${name}`])),
  });
  return publication('halves', '1', built, {
    inputs: entries.map(([name]) => spec(name, 'in')),
    outputs: entries.map(([name]) => spec(name, 'out')),
  });
}

function jsonText(elements: readonly Element[]): string {
  return `[${elements.map((element) => (typeof element === 'bigint' ? element : JSON.stringify(element))).join(',')}]`;
}

const echoInputs = `"inputs":[${names.map((name) => `{"name":"in_${name}","datatype":"${name}","shape":[2],"data":${jsonText(samples[name])}}`).join(',')}]`;
const x = { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] };

function infer(body: object | string | Uint8Array, headers: Record<string, string> = {}, path = 'adder') {
  return pop.send('POST', `/v2/models/${path}/infer`, body, headers);
}

/** An error as the protocol has it: an HTTP status of error and the object with its message. */
function expectError(answer: Answer, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.json()).toEqual({ error: expect.stringMatching(/.{8}/) });
}

interface InferAnswer {
  model_name: string;
  model_version: string;
  id?: string;
  outputs: {
    name: string;
    shape: number[];
    datatype: string;
    data?: unknown[];
    parameters?: Record<string, unknown>;
  }[];
}

describe('HTTP/REST', () => {
  test.each(['/v2', '/v2/', '/v2/health/live', '/v2/health/ready', '/v2/models/adder', '/v2/models/adder/ready'])(
    'GET %s is an endpoint, answered with JSON',
    async (path) => {
      const answer = await pop.send('GET', path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    },
  );

  test.each(['', '/ready'])('the path may name a version: GET …/versions/v10%s', async (rest) => {
    expect((await pop.send('GET', `/v2/models/adder/versions/v10${rest}`)).status).toBe(200);
  });

  test('inference is a POST to …/infer, with the version in the path or without', async () => {
    expect((await infer({ inputs: [x] })).json<InferAnswer>().model_version).toBe('1');
    expect((await infer({ inputs: [x] }, {}, 'adder/versions/v10')).json<InferAnswer>().model_version).toBe('v10');
  });
});

describe('Health', () => {
  test('server live: {"live": $bool}', async () => {
    expect((await pop.send('GET', '/v2/health/live')).json()).toEqual({ live: true });
  });

  test('server ready: {"live": $bool} as the text has it, and {"ready": $bool} as clients expect', async () => {
    expect((await pop.send('GET', '/v2/health/ready')).json()).toEqual({ live: true, ready: true });
  });

  test('model ready: {"name": $string, "ready": $bool}', async () => {
    expect((await pop.send('GET', '/v2/models/adder/ready')).json()).toEqual({ name: 'adder', ready: true });
  });

  test('model ready of a model that cannot serve is an error', async () => {
    const broken = publication('broken', '1', new Uint8Array([1, 2, 3, 4]), adder('a', '1', 1).manifest.signature);
    await pop.release(broken, false);
    expectError(await pop.send('GET', '/v2/models/broken/versions/1/ready'), 503);
    expectError(await pop.send('GET', '/v2/models/nobody/ready'), 404);
  });
});

describe('Server metadata', () => {
  test('success is 200 with name, version and extensions', async () => {
    const answer = await pop.send('GET', '/v2');
    expect(answer.json()).toEqual({
      name: expect.any(String),
      version: expect.any(String),
      extensions: expect.arrayContaining(['binary_tensor_data', 'classification', 'statistics', 'model_repository']),
    });
  });
});

describe('Model metadata', () => {
  test('success is 200 with name, versions, platform, inputs and outputs', async () => {
    const answer = await pop.send('GET', '/v2/models/adder');
    expect(answer.json()).toMatchObject({
      name: 'adder',
      versions: expect.arrayContaining(['1', 'v10']),
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    });
  });

  test('each of "versions" may be explicitly requested', async () => {
    const { versions } = (await pop.send('GET', '/v2/models/adder')).json<{ versions: string[] }>();
    for (const version of versions) {
      expect((await infer({ inputs: [x] }, {}, `adder/versions/${version}`)).status).toBe(200);
    }
  });

  test('variable-size dimensions are specified as -1', async () => {
    const { inputs } = (await pop.send('GET', '/v2/models/adder')).json<{ inputs: { shape: number[] }[] }>();
    expect(inputs[0]?.shape).toEqual([-1, 2]);
  });

  test('a failed request must be indicated by an HTTP error status and contain {"error": $string}', async () => {
    expectError(await pop.send('GET', '/v2/models/nobody'), 404);
    expectError(await pop.send('GET', '/v2/models/adder/versions/7'), 404);
  });
});

describe('Inference request', () => {
  test('"id": if specified, this identifier must be returned in the response', async () => {
    expect((await infer({ id: '42', inputs: [x] })).json<InferAnswer>().id).toBe('42');
    expect((await infer({ inputs: [x] })).json<InferAnswer>()).not.toHaveProperty('id');
  });

  test('"parameters" are optional, and may be of requests, inputs and outputs', async () => {
    const parameters = { text: 'a', number: 1.5, flag: true };
    const body = { parameters, inputs: [{ ...x, parameters }], outputs: [{ name: 'y', parameters }] };
    expect((await infer(body)).status).toBe(200);
  });

  test('"inputs" is required', async () => {
    expectError(await infer({ id: '1' }), 400);
  });

  test('"outputs": optional, if not specified all outputs are returned', async () => {
    const all = (await infer(`{${echoInputs}}`, {}, 'echo')).json<InferAnswer>().outputs;
    expect(all.map(({ name }) => name)).toEqual(names.map((name) => `out_${name}`));
  });

  test('"outputs": those that are requested are returned', async () => {
    const body = `{${echoInputs},"outputs":[{"name":"out_INT32"},{"name":"out_BOOL"}]}`;
    const { outputs } = (await infer(body, {}, 'echo')).json<InferAnswer>();
    expect(outputs.map(({ name }) => name)).toEqual(['out_INT32', 'out_BOOL']);
    expectError(await infer({ inputs: [x], outputs: [{ name: 'z' }] }), 400);
  });

  test('if the input is batched, shape and data represent the full batch', async () => {
    const { outputs } = (await infer({ inputs: [x] })).json<InferAnswer>();
    expect(outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [2, 2], data: [11, 12, 13, 14] }]);
  });

  test.each([[[-1, 2]], [[1.5, 2]], [['2', 2]], [[[2], 2]]])(
    'each dimension of "shape" must be an integer of 0 or more: %j is refused',
    async (shape) => {
      expectError(await infer({ inputs: [{ ...x, shape }] }), 400);
    },
  );

  test('unknown keys are ignored', async () => {
    expect((await infer({ model_name: 'adder', inputs: [{ ...x, color: 1 }], more: {} })).status).toBe(200);
  });

  test('an input that the model has not, or twice, is refused', async () => {
    expectError(await infer({ inputs: [{ ...x, name: 'z' }] }), 400);
    expectError(await infer({ inputs: [x, x] }), 400);
  });
});

describe('Inference response', () => {
  test('success is 200 with model_name, model_version and outputs', async () => {
    const answer = await infer({ inputs: [x] });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(answer.json()).toMatchObject({ model_name: 'adder', model_version: '1', outputs: [{ name: 'y' }] });
  });

  test('a failed request must be indicated by an HTTP error status and contain {"error": $string}', async () => {
    expectError(await infer('{'), 400);
    expectError(await infer({ inputs: [] }), 400);
    expectError(await infer({ inputs: [x] }, {}, 'nobody'), 404);
    expectError(await pop.send('PUT', '/v2/models/adder/infer', {}), 405);
    expectError(await infer('{}', { 'content-type': 'text/html' }), 415);
  });
});

describe('Tensor data', () => {
  test('may be a flat array in row-major order, or nested to the shape', async () => {
    const flat = (await infer({ inputs: [x] })).json<InferAnswer>().outputs;
    const nested = (
      await infer({
        inputs: [
          {
            ...x,
            data: [
              [1, 2],
              [3, 4],
            ],
          },
        ],
      })
    ).json<InferAnswer>().outputs;
    expect(nested).toEqual(flat);
    expectError(await infer({ inputs: [{ ...x, data: [[1, 2, 3], [4]] }] }), 400);
  });

  test.each(names)('%s in JSON arrives and returns with every digit', async (name) => {
    const answer = await infer(`{${echoInputs},"outputs":[{"name":"out_${name}"}]}`, {}, 'echo');
    expect(new TextDecoder().decode(answer.bytes)).toContain(`"data":${jsonText(samples[name])}`);
  });

  test('a zero-size tensor is a tensor', async () => {
    const { outputs } = (await infer({ inputs: [{ ...x, shape: [0, 2], data: [] }] })).json<InferAnswer>();
    expect(outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [0, 2], data: [] }]);
  });

  test('NaN is null in both directions', async () => {
    const { outputs } = (await infer({ inputs: [{ ...x, data: [null, 2, 3, 4] }] })).json<InferAnswer>();
    expect(outputs[0]?.data).toEqual([null, 12, 13, 14]);
  });
});

describe('Binary tensor data extension', () => {
  function binary(header: object, parts: readonly Uint8Array[], length?: string, path = 'echo') {
    const json = Buffer.from(JSON.stringify(header));
    return infer(
      Buffer.concat([json, ...parts]),
      { 'inference-header-content-length': length ?? String(json.length) },
      path,
    );
  }
  const part = (name: Name) => binaryData(name, samples[name]);
  const entry = (name: Name, asBinary: boolean) => ({
    ...{ name: `in_${name}`, datatype: name, shape: [2] },
    ...(asBinary ? { parameters: { binary_data_size: part(name).length } } : { data: samples[name] }),
  });
  const narrow = names.filter((name) => !name.endsWith('64') || name === 'FP64');

  test.each(names)('%s in binary arrives and returns byte by byte', async (name) => {
    const header = {
      inputs: names.map((each) => entry(each, true)),
      outputs: [{ name: `out_${name}`, parameters: { binary_data: true } }],
    };
    const answer = await binary(header, names.map(part));
    const jsonBytes = Number(answer.headers.get('inference-header-content-length'));
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(answer.bytes.subarray(jsonBytes))).toEqual(Buffer.from(part(name)));
    const { outputs } = JSON.parse(new TextDecoder().decode(answer.bytes.subarray(0, jsonBytes))) as InferAnswer;
    expect(outputs[0]?.parameters).toEqual({ binary_data_size: part(name).length });
  });

  test.each(Object.keys(binaryOnly))(
    '%s in binary arrives and returns bit by bit, and is refused as JSON',
    async (name) => {
      // 1.5, infinity, the smallest, NaN: whatever the bits mean.
      const sent = new Uint8Array([0x00, 0x3e, 0x00, 0x7c, 0x01, 0x00, 0xff, 0x7f]);
      const inputs = Object.keys(binaryOnly).map((datatype) => ({
        ...{ name: `in_${datatype}`, datatype, shape: [4], parameters: { binary_data_size: 8 } },
      }));
      const ask = (binaryData: boolean) => {
        const outputs = [{ name: `out_${name}`, parameters: { binary_data: binaryData } }];
        return binary({ inputs, outputs }, [sent, sent], undefined, 'halves');
      };
      const answer = await ask(true);
      expect([...answer.bytes.subarray(-8)]).toEqual([...sent]);
      expectError(await ask(false), 400);
    },
  );

  test('binary tensors lie in the order of the inputs, mixed with JSON ones', async () => {
    const isBinary = (name: Name) => narrow.indexOf(name) % 2 === 0 || !narrow.includes(name);
    const header = {
      inputs: names.map((name) => entry(name, isBinary(name))),
      outputs: [{ name: 'out_FP64' }, { name: 'out_INT16' }],
    };
    const answer = await binary(header, names.filter(isBinary).map(part));
    expect(answer.json<InferAnswer>().outputs.map(({ data }) => data)).toEqual([samples.FP64, samples.INT16]);
  });

  test('binary_data_output asks for all outputs, binary_data of an output wins over it', async () => {
    const header = {
      parameters: { binary_data_output: true },
      inputs: names.map((name) => entry(name, true)),
      outputs: [{ name: 'out_FP32' }, { name: 'out_INT8', parameters: { binary_data: false } }],
    };
    const answer = await binary(header, names.map(part));
    const jsonBytes = Number(answer.headers.get('inference-header-content-length'));
    const { outputs } = JSON.parse(new TextDecoder().decode(answer.bytes.subarray(0, jsonBytes))) as InferAnswer;
    expect(outputs).toMatchObject([{ parameters: { binary_data_size: 8 } }, { data: samples.INT8 }]);
  });

  test('a header length of 0: the body is the tensor of the only input, all outputs come back binary', async () => {
    const answer = await infer(new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer), {
      'inference-header-content-length': '0',
    });
    const jsonBytes = Number(answer.headers.get('inference-header-content-length'));
    expect(new Float32Array(answer.bytes.slice(jsonBytes).buffer)).toEqual(new Float32Array([11, 12, 13, 14]));
    expectError(await infer(new Uint8Array(12), { 'inference-header-content-length': '0' }), 400);
    expectError(await infer(new Uint8Array(8), { 'inference-header-content-length': '0' }, 'echo'), 400);
  });

  test.each(['-1', '1000000', 'ten', '1'])('a header length of %s is refused', async (length) => {
    expectError(await infer({ inputs: [x] }, { 'inference-header-content-length': length }), 400);
  });

  test('sizes that do not fit the shape or the body are refused, and data beside a size', async () => {
    const one = (change: object) => ({ inputs: [{ ...entry('FP32', true), ...change }] });
    expectError(await binary(one({ shape: [3] }), [part('FP32')]), 400);
    expectError(await binary(one({}), [part('FP32'), new Uint8Array(1)]), 400);
    expectError(await binary(one({ data: [1, 2] }), [part('FP32')]), 400);
  });
});

describe('Classification extension', () => {
  test('N highest values as BYTES "value:index", descending', async () => {
    const outputs = [{ name: 'y', parameters: { classification: 2 } }];
    const answer = await infer({ inputs: [x], outputs });
    expect(answer.json<InferAnswer>().outputs).toEqual([
      { name: 'y', datatype: 'BYTES', shape: [2, 2], data: ['12:1', '11:0', '14:1', '13:0'] },
    ]);
  });

  test('with labels "value:index:label"', async () => {
    const plain = adder('labelled', '1', 10);
    await pop.release({ ...plain, manifest: { ...plain.manifest, labels: { y: ['cat', 'dog'] } } });
    const body = { inputs: [x], outputs: [{ name: 'y', parameters: { classification: 1 } }] };
    const { outputs } = (await infer(body, {}, 'labelled')).json<InferAnswer>();
    expect(outputs[0]?.data).toEqual(['12:1:dog', '14:1:dog']);
  });
});

describe('Model repository extension', () => {
  test('index: name, version, state and reason of every version; {"ready": true} only of those that serve', async () => {
    const index = (await pop.send('POST', '/v2/repository/index', {})).json();
    expect(index).toContainEqual({ name: 'adder', version: 'v10', state: 'READY', reason: '' });
    expect((await pop.send('POST', '/v2/repository/index', { ready: true })).status).toBe(200);
  });

  test.each(['load', 'unload'])('%s answers with 200 and an empty body', async (verb) => {
    const answer = await pop.operate('POST', `/v2/repository/models/adder/${verb}`);
    expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
  });

  test('a model in the request itself is not supported: 501', async () => {
    const headers = { authorization: `Bearer ${pop.pop.token}` };
    const body = { parameters: { config: '{}' } };
    expectError(await pop.send('POST', '/v2/repository/models/adder/load', body, headers), 501);
  });
});

describe('Statistics and model configuration extensions', () => {
  test.each(['/v2/models/stats', '/v2/models/adder/stats', '/v2/models/adder/versions/1/stats'])(
    'GET %s: model_stats with counts and durations',
    async (path) => {
      await infer({ inputs: [x] });
      const { model_stats } = (await pop.send('GET', path)).json<{ model_stats: object[] }>();
      expect(model_stats).toContainEqual(
        expect.objectContaining({
          name: 'adder',
          version: '1',
          inference_count: expect.any(Number),
          inference_stats: expect.objectContaining({ success: { count: expect.any(Number), ns: expect.any(Number) } }),
        }),
      );
    },
  );

  test('GET …/config: the signature in Triton’s terms, without the batch dimension', async () => {
    const config = (await pop.send('GET', '/v2/models/adder/config')).json();
    expect(config).toMatchObject({
      ...{ name: 'adder', max_batch_size: expect.any(Number) },
      input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [2], format: 'FORMAT_NONE' }],
    });
  });
});

describe('Compression', () => {
  test('a request may come as gzip; an unknown encoding is refused', async () => {
    const body = gzipSync(JSON.stringify({ inputs: [x] }));
    expect((await infer(body, { 'content-encoding': 'gzip' })).status).toBe(200);
    expectError(await infer(body, { 'content-encoding': 'br' }), 415);
  });
});
