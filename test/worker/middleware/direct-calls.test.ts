// Inference goes straight to its handler where no middleware has anything to say: with the same answers as through the app.
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { declare } from '../../../worker/middleware/declarations.ts';
import { mountOf } from '../../../worker/middleware/direct-mount.ts';
import { encodeInferRequest } from '../../../worker/protocol/encode-request.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

describe('the mount of a path', () => {
  const handler = () => new Response();
  const step = (_: unknown, next: () => Promise<void>) => next();
  const guard = declare(async (_: unknown, next: () => Promise<void>) => await next(), { scopes: ['infer'] });
  const app = new Hono().use(step).post('/run/:model', guard, handler);

  test('is its guard and its handler, past the middleware that is known', () => {
    expect(mountOf(app, '/run/:model', new Map([[step, 'origin']]))).toEqual({ guard, handler });
  });

  test('may have no middleware that nothing is known of: it would be passed by', () => {
    expect(() => mountOf(app, '/run/:model', new Map())).toThrow('the handler declares nothing');
  });

  test('may have none behind the guard either', () => {
    const layered = new Hono().post('/run/:model', guard, step, handler);
    expect(() => mountOf(layered, '/run/:model', new Map())).toThrow('middleware between its guard and its handler');
  });

  test('has to be there', () => {
    expect(() => mountOf(app, '/go/:model', new Map([[step, null]]))).toThrow('nothing is mounted at POST /go/:model');
  });
});

describe('an answer', () => {
  let open: TestPop;
  let keyed: TestPop;
  beforeAll(async () => {
    // Beyond the limit by little: what a client sends beyond the 16 MiB that are drained may end in a reset.
    open = await TestPop.start({ MAX_BODY_MIB: '1' });
    keyed = await TestPop.start({ INFERENCE_ACCESS: 'keyed' });
    for (const pop of [open, keyed]) {
      await pop.release(adder('adder', '1', 10));
      await pop.send('GET', '/v2/models/adder/ready', undefined, { authorization: `Bearer ${pop.pop.token}` });
    }
  });
  afterAll(async () => {
    await open.stop();
    await keyed.stop();
  });

  const inputs = [{ name: 'x', datatype: 'FP32' as const, shape: [1, 2], data: new Float32Array([1, 2]) }];
  const tensors = inputs.map((input) => ({ ...input, data: new Uint8Array(input.data.buffer) }));
  const binary = encodeInferRequest(tensors, { binary: true, binaryOutputs: true });
  const json = JSON.stringify({ inputs: [{ ...inputs[0], data: [1, 2] }] });
  const infer = '/v2/models/adder/infer';
  /** With this header a request goes through the app, which allows no page anything here. */
  const throughApp = { origin: 'https://page.example' };

  const compare = async (
    pop: TestPop,
    path: string,
    body: string | Uint8Array,
    headers: Record<string, string> = {},
  ) => {
    const [direct, layered] = await Promise.all(
      [headers, { ...headers, ...throughApp }].map((sent) => pop.send('POST', path, body, sent)),
    );
    const told = (answer: typeof direct) =>
      answer && {
        status: answer.status,
        // The header that is more counts.
        body: new TextDecoder().decode(answer.bytes).replace(/the headers have \d+/, 'the headers have'),
        headers: [...answer.headers].filter(([name]) => name !== 'date').sort(),
      };
    expect(told(direct)).toEqual(told(layered));
    return direct?.status;
  };

  test.each<[what: string, status: number, path: string, body: string | Uint8Array, headers?: Record<string, string>]>([
    ['tensors as JSON', 200, infer, json],
    ['tensors as bytes', 200, infer, binary.body, binary.headers],
    ['a version', 200, '/v2/models/adder/versions/1/infer', json],
    ['records of a model without features', 400, infer, '{"records": [[1, 2]]}'],
    ['an escape in the path', 200, '/v2/models/%61dder/infer', json],
    ['a slash at the end', 200, `${infer}/`, json],
    ['TensorFlow Serving’s call', 200, '/v1/models/adder:predict', '{"instances": [[1, 2]]}'],
    ['the same of a version', 200, '/v1/models/adder/versions/1:predict', '{"instances": [[1, 2]]}'],
    ['a verb that there is not', 501, '/v1/models/adder:classify', '{}'],
    ['a model that takes no texts', 400, '/v1/embeddings', '{"model": "adder", "input": "a"}'],
    ['a model that there is not', 404, '/v2/models/other/infer', json],
    ['a name that cannot be', 404, '/v2/models/A.B/infer', json],
    ['a version that there is not', 404, '/v2/models/adder/versions/9/infer', json],
    ['a path that there is not', 404, '/v2/models/adder/run', json],
    ['the path that is reserved', 404, '/.popserve-cache/blobs/x', json],
    ['a body that is no JSON', 400, infer, '{'],
    ['a body that is too long', 413, infer, new Uint8Array(1_100_000), binary.headers],
    ['a type that is not read', 415, infer, json, { 'content-type': 'image/tiff' }],
    ['headers that are too long', 431, infer, json, { 'x-long': 'x'.repeat(20_000) }],
    ['a wrong header', 400, infer, json, { 'popserve-min-epoch': 'x' }],
    ['a key that is not known', 200, infer, json, { 'x-api-key': 'nobody' }],
  ])('to %s is the same as through the app', async (_, status, path, body, headers) => {
    expect(await compare(open, path, body, headers)).toBe(status);
  });

  test('to a caller without a key is the same where one is needed, and so is that to the operator', async () => {
    expect(await compare(keyed, infer, json)).toBe(401);
    expect(await compare(keyed, infer, json, { 'x-api-key': 'nobody' })).toBe(401);
    expect(await compare(keyed, infer, json, { authorization: `Bearer ${keyed.pop.token}` })).toBe(200);
  });

  test('continues the trace of its request', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${trace}-b7ad6b7169203331-00` };
    const { status, headers: answered } = await open.send('POST', infer, json, headers);
    expect([status, answered.get('traceparent')]).toEqual([200, expect.stringContaining(trace)]);
    const refused = await open.send('POST', infer, '{', headers);
    expect([refused.status, refused.headers.get('traceparent')]).toEqual([400, expect.stringContaining(trace)]);
  });
});
