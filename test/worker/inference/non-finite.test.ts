// NaN and infinities in requests, and in the answers of callers who ask for them, as the bare tokens that Python's json module and TensorFlow Serving's clients write.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication, type SmallPublication } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(adder('adder', '1', 10));
  await pop.release(echo('wide', 7, 'INT64'));
  await pop.release(echo('words', 8, 'BYTES'));
});
afterAll(() => pop.stop());

/** same = x, `[-1,2]`. */
function echo(name: string, elementType: number, datatype: 'INT64' | 'BYTES'): SmallPublication {
  const built = model({
    name,
    opsets: { '': 17 },
    inputs: [tensorValue('x', elementType, ['n', 2])],
    outputs: [tensorValue('same', elementType, ['n', 2])],
    nodes: [node('Identity', ['x'], ['same'])],
  });
  const spec = { datatype, shape: [-1, 2] };
  return publication(name, '1', built, { inputs: [{ name: 'x', ...spec }], outputs: [{ name: 'same', ...spec }] });
}

/** Longer arrays than these are read from the bytes. */
const rows = 700;
const long = (row: string) => Array.from({ length: rows }, () => row).join(',');

/** The answer is binary, which tells NaN and the infinities apart. */
async function inferBinary(inputs: string): Promise<number[]> {
  const body = `{"parameters":{"binary_data_output":true},"inputs":[${inputs}]}`;
  const answer = await pop.send('POST', '/v2/models/adder/infer', body);
  expect(answer.status, new TextDecoder().decode(answer.bytes)).toBe(200);
  const head = Number(answer.headers.get('inference-header-content-length'));
  return [...new Float32Array(answer.bytes.slice(head).buffer)];
}

describe('are read', () => {
  test('in tensors, nested and flat, short and long', async () => {
    const x = (shape: string, data: string) => `{"name":"x","datatype":"FP32","shape":${shape},"data":${data}}`;
    const expected = [Number.NaN, Infinity, -Infinity, 11];
    expect(await inferBinary(x('[2,2]', '[NaN,Infinity,-Infinity,1]'))).toEqual(expected);
    expect(await inferBinary(x('[2,2]', '[[NaN, Infinity],[-Infinity,1]]'))).toEqual(expected);
    const many = await inferBinary(x(`[${rows},2]`, `[${long('NaN,-Infinity')}]`));
    expect(new Set(many)).toEqual(new Set([Number.NaN, -Infinity]));
    const nested = await inferBinary(x(`[${rows},2]`, `[${long('[Infinity,2.5]')}]`));
    expect(new Set(nested)).toEqual(new Set([Infinity, 12.5]));
  });

  const some = [
    [null, null],
    [null, 11],
  ];
  test.each([
    ['records', '/v2/models/adder/infer', '{"instances":[{"x":[NaN,Infinity]},{"x":[-Infinity,1]}]}', 'predictions'],
    ['rows', '/v1/models/adder:predict', '{"instances":[[NaN,Infinity],[-Infinity,1]]}', 'predictions'],
    [
      'named rows',
      '/v1/models/adder:predict',
      '{"instances":[{"x":[NaN,Infinity]},{"x":[-Infinity,1]}]}',
      'predictions',
    ],
    ['columns', '/v1/models/adder:predict', '{"inputs":[[NaN,Infinity],[-Infinity,1]]}', 'outputs'],
    ['named columns', '/v1/models/adder:predict', '{"inputs":{"x":[[NaN,Infinity],[-Infinity,1]]}}', 'outputs'],
  ])('in %s', async (form, path, body, member) => {
    const answer = await pop.send('POST', path, body);
    expect(answer.status).toBe(200);
    const values = answer.json<Record<string, unknown>>()[member];
    expect(values).toEqual(form === 'records' ? some.map((y) => ({ y })) : some);
    // The same many times over, which is read another way.
    const items = /\[(.*)\]/.exec(body)?.[1] ?? '';
    const more = body.replace(items, long(items));
    const large = await pop.send('POST', path, more);
    expect(large.status).toBe(200);
    expect(large.json<Record<string, unknown[]>>()[member]).toHaveLength(rows * 2);
  });

  test('in quotes, as clients in Java write them, short and long', async () => {
    const x = (shape: string, data: string) => `{"name":"x","datatype":"FP32","shape":${shape},"data":[${data}]}`;
    const items = '"NaN","Infinity","-Infinity",1';
    expect(await inferBinary(x('[2,2]', items))).toEqual([Number.NaN, Infinity, -Infinity, 11]);
    const many = await inferBinary(x(`[${rows * 2},2]`, long(items)));
    expect(new Set(many)).toEqual(new Set([Number.NaN, Infinity, -Infinity, 11]));
  });

  test.each([
    ['NaN', null],
    ['inf', null],
    ['-Infinity', null],
    ['2', 12],
  ])('in a question: %s', async (text, sum) => {
    const answer = await pop.send('GET', `/v2/models/adder/infer?x=${text},1`);
    expect(answer.json()).toMatchObject({ predictions: [{ y: [sum, 11] }] });
  });
});

describe('are refused', () => {
  test.each([
    ['wide', 'INT64', '1'],
    ['words', 'BYTES', '"a"'],
  ])('for %s, whose input is %s, which is named', async (name, datatype, one) => {
    const bodies: [string, string][] = [
      [
        `/v2/models/${name}/infer`,
        `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1,2],"data":[${one},NaN]}]}`,
      ],
      [`/v2/models/${name}/infer`, `{"instances":[{"x":[${one},NaN]}]}`],
      [`/v1/models/${name}:predict`, `{"instances":[{"x":[${one},NaN]}]}`],
      [`/v1/models/${name}:predict`, `{"inputs":{"x":[[${one},NaN]]}}`],
      [`/v1/models/${name}:predict`, `{"inputs":[${long(`[${one},NaN]`)}]}`],
    ];
    for (const [path, body] of bodies) {
      const answer = await pop.send('POST', path, body);
      expect([path, answer.status]).toEqual([path, 400]);
      expect(answer.json<{ error: string }>().error).toMatch(
        new RegExp(`'x': element 1 is NaN, expected ${datatype}, a`),
      );
    }
  });

  test('in a question about integers', async () => {
    const answer = await pop.send('GET', '/v2/models/wide/infer?x=1,-inf');
    expect([answer.status, answer.json()]).toEqual([
      400,
      { error: expect.stringContaining("feature 'x': element 1 is -Infinity, expected INT64, an integer") },
    ]);
  });

  test('in other spellings, as names of members, and as numbers beyond FP32', async () => {
    const body = (data: string) => `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":${data}}]}`;
    for (const data of ['[1,nan]', '[1,inf]', '[1,+Infinity]', '[1,-NaN]', '{NaN:1}', '[1,NaN']) {
      const answer = await pop.send('POST', '/v2/models/adder/infer', body(data));
      expect([answer.status, answer.json<{ error: string }>().error]).toEqual([
        400,
        expect.stringContaining('not JSON'),
      ]);
    }
    const beyond = await pop.send('POST', '/v2/models/adder/infer', body('[1,1e39]'));
    expect(beyond.json<{ error: string }>().error).toContain('outside the range of FP32');
  });
});

test('a string stays text', async () => {
  const answer = await pop.send(
    'POST',
    '/v2/models/words/infer',
    '{"inputs":[{"name":"x","datatype":"BYTES","shape":[1,2],"data":["NaN","-Infinity"]}]}',
  );
  expect(answer.json()).toMatchObject({ outputs: [{ data: ['NaN', '-Infinity'] }] });
});

describe('in answers', () => {
  const header = { 'popserve-non-finite': 'bare' };
  const text = async (path: string, body: string | undefined, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await pop.send(body === undefined ? 'GET' : 'POST', path, body, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/json');
    return new TextDecoder().decode(answer.bytes);
  };
  const forms: [string, string, string, string, string][] = [
    [
      'tensors',
      '/v2/models/adder/infer',
      '{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[NaN,Infinity,-Infinity,1]}]}',
      '"data":[NaN,Infinity,-Infinity,11]',
      '"data":[null,null,null,11]',
    ],
    [
      'records',
      '/v2/models/adder/infer',
      '{"instances":[{"x":[NaN,Infinity]},{"x":[-Infinity,1]}]}',
      '"predictions":[{"y":[NaN,Infinity]},{"y":[-Infinity,11]}]',
      '"predictions":[{"y":[null,null]},{"y":[null,11]}]',
    ],
    [
      'rows',
      '/v1/models/adder:predict',
      '{"instances":[[NaN,Infinity],[-Infinity,1]]}',
      '{"predictions":[[NaN,Infinity],[-Infinity,11]]}',
      '{"predictions":[[null,null],[null,11]]}',
    ],
    [
      'columns',
      '/v1/models/adder:predict',
      '{"inputs":[[NaN,Infinity],[-Infinity,1]]}',
      '{"outputs":[[NaN,Infinity],[-Infinity,11]]}',
      '{"outputs":[[null,null],[null,11]]}',
    ],
  ];

  test.each(forms)('of %s they are bare where that is asked for, else null', async (_, path, body, bare, plain) => {
    // The third time a request with the same head is answered in the form that is kept with it.
    for (let time = 0; time < 3; time++) {
      expect(await text(path, body, header)).toContain(bare);
      expect(await text(`${path}?non_finite=bare`, body)).toContain(bare);
      expect(await text(path, body)).toContain(plain);
      expect(await text(`${path}?non_finite=bare`, body, { 'popserve-non-finite': 'null' })).toContain(plain);
    }
  });

  test('to questions they are so by the header alone, and neither form is given for the other', async () => {
    const path = '/v2/models/adder/infer?x=inf,1';
    for (let time = 0; time < 2; time++) {
      expect(await text(path, undefined, header)).toContain('[{"y":[Infinity,11]}]');
      expect(await text(path, undefined)).toContain('[{"y":[null,11]}]');
    }
    const held = (await pop.send('GET', path)).headers.get('etag') ?? '';
    expect((await pop.send('GET', path, undefined, { 'if-none-match': held })).status).toBe(304);
    expect((await pop.send('GET', path, undefined, { ...header, 'if-none-match': held })).status).toBe(200);
  });

  test('another word is refused with those that there are', async () => {
    const ask = (path: string, headers: Readonly<Record<string, string>>) =>
      pop.send('POST', path, '{"instances":[{"x":[1,2]}]}', headers);
    const answers = [
      await ask('/v2/models/adder/infer', { 'popserve-non-finite': 'yes' }),
      await ask('/v1/models/adder:predict?non_finite=yes', {}),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.json()]).toEqual([
        400,
        { error: expect.stringMatching(/non.finite: expected null or bare, got 'yes'/) },
      ]);
    }
  });
});
