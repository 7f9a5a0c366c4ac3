import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../../../../scripts/cli/host.ts';
import { type Ran, runCommand } from '../captured-host.ts';
import { ScriptedPop } from '../scripted-pop.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-infer-'));
const file = join(folder, 'request.json');
const request =
  '{"id":"7","inputs":[{"name":"x","datatype":"INT64","shape":[2],"data":[9007199254740993,-1]}],"outputs":[{"name":"y"}]}';
writeFileSync(file, request);
afterAll(() => rmSync(folder, { recursive: true }));

const response =
  '{"model_name":"m","model_version":"v1","outputs":[{"name":"y","shape":[2],"datatype":"INT64","data":[9007199254740993,-1]}]}';
const served = { 'popserve-epoch': '4', 'popserve-digest': `sha256:${'b'.repeat(64)}`, 'popserve-pop': 'local' };

const pop = ScriptedPop.perCase();

beforeEach(async () => {
  pop.intercept = () => ({ status: 200, headers: served, body: new TextEncoder().encode(response) });
});

function infer(args: string[], overrides: Partial<Host> = {}): Promise<Ran> {
  return runCommand(['infer', 'm', ...args], pop.url, overrides);
}

/** Header and body of a response with one binary tensor. */
function binaryResponse(output: object, data: Uint8Array): void {
  const parameters = { binary_data_size: data.length };
  const head = JSON.stringify({ model_name: 'm', model_version: 'v1', outputs: [{ ...output, parameters }] });
  pop.intercept = () => ({
    status: 200,
    headers: { 'inference-header-content-length': String(head.length) },
    body: Buffer.concat([Buffer.from(head), data]),
  });
}

const plainMetadata = {
  ...{ name: 'm', versions: ['v1'], platform: 'onnxruntime_onnx' },
  ...{ inputs: [], outputs: [], records: -1, properties: {} },
};

describe('popserve infer', () => {
  it('sends the file as it is and tells what answered', async () => {
    const { status, out } = await infer(['--input', file]);
    expect(status).toBe(0);
    expect(pop.calls).toEqual(['POST /v2/models/m/infer']);
    expect(pop.asked[0]?.body.toString()).toBe(request);
    // A keyed server asks for it.
    expect(pop.asked[0]?.headers.authorization).toBe('Bearer token-of-the-test');
    expect(out).toBe('m v1 (epoch 4, digest sha256:bbbbbbbbbbbb, pop local)\ny INT64 [2]: [9007199254740993,-1]\n');
  });

  it('prints the response with every digit with --json', async () => {
    expect((await infer(['--input', file, '--json'])).out).toBe(`${response}\n`);
    expect((await runCommand(['infer', '--json', 'm', '--input', file], pop.url)).out).toBe(`${response}\n`);
  });

  it.each([[['--json', file]], [[`--json=${file}`]], [[file]]])('says that %s names no request', async (words) => {
    const { status, out, err } = await infer(words);
    expect(status).toBe(2);
    expect(out + err).toContain(
      `expected an option before '${file}': a request goes with --input ${file}; --json takes no file and asks for machine-readable output, as it does with every other command`,
    );
    expect(pop.calls).toEqual([]);
  });

  it('refuses an option that does not belong to the question', async () => {
    for (const [words, message] of [
      [['--input', file, '--row', '1'], '--row goes with --csv'],
      [['--text', 'a', '--draw', 'b.png'], '--draw goes with --image'],
      [['--example', '--binary'], '--binary goes with --input'],
      [['--example', '--text', 'a'], '--example does not go with --text: one question at a time'],
    ] as const) {
      const { status, err } = await infer([...words]);
      expect([status, err]).toEqual([2, expect.stringContaining(message)]);
    }
  });

  it('reads standard input for -', async () => {
    await infer(['--input', '-'], { readStdin: async () => new TextEncoder().encode('{"inputs":[]}') });
    expect(pop.asked[0]?.body.toString()).toBe('{"inputs":[]}');
  });

  it('asks for a version or an alias, and for a release', async () => {
    await infer(['--input', file, '--version', 'night/shift', '--min-epoch', '9']);
    expect(pop.calls).toEqual(['POST /v2/models/m/versions/night%2Fshift/infer']);
    expect(pop.asked[0]?.headers['popserve-min-epoch']).toBe('9');
  });

  it('sends and asks for the binary form with --binary', async () => {
    binaryResponse({ name: 'y', shape: [2], datatype: 'FP16' }, new Uint8Array([0x00, 0x3c, 0x00, 0xc0]));
    const { out } = await infer(['--input', file, '--binary', '--json']);
    const asked = pop.asked[0];
    const body = asked?.body ?? Buffer.of();
    const length = Number(asked?.headers['inference-header-content-length']);
    expect(JSON.parse(body.subarray(0, length).toString())).toMatchObject({
      id: '7',
      inputs: [{ name: 'x', datatype: 'INT64', shape: [2], parameters: { binary_data_size: 16 } }],
      outputs: [{ name: 'y' }],
      parameters: { binary_data_output: true },
    });
    const data = new DataView(new Uint8Array(body.subarray(length)).buffer);
    expect([data.getBigInt64(0, true), data.getBigInt64(8, true)]).toEqual([9007199254740993n, -1n]);
    expect(JSON.parse(out)).toMatchObject({
      model_name: 'm',
      outputs: [{ name: 'y', shape: [2], datatype: 'FP16', data: [1, -2] }],
    });
  });

  it('shows the beginning of large outputs', async () => {
    binaryResponse({ name: 'y', shape: [100000], datatype: 'UINT8' }, new Uint8Array(100000).fill(7));
    const { out } = await infer(['--input', file]);
    expect(out).toContain('y UINT8 [100000]: [7,7,7,');
    expect(out.length).toBeLessThan(600);
    expect(out).toMatch(/ …\n$/);
  });

  it('does not print bytes that are no text', async () => {
    binaryResponse({ name: 'y', shape: [1], datatype: 'BYTES' }, new Uint8Array([1, 0, 0, 0, 0xff]));
    expect((await infer(['--input', file])).out).toContain('y BYTES [1]: (not text)\n');
  });

  it('names a fault of the file with --binary before it asks the PoP', async () => {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '{"inputs":[}');
    const { status, err } = await infer(['--input', broken, '--binary']);
    expect(status).toBe(1);
    expect(err).toContain('the body is not JSON: expected');
    expect(pop.calls).toEqual([]);
  });

  it('passes a refusal of the PoP on', async () => {
    pop.intercept = () => ({ status: 400, body: { error: "input 'x': expected FP32 [-1,4], got INT64 [2]" } });
    const { status, err } = await infer(['--input', file]);
    expect([status, err]).toEqual([1, "popserve: input 'x': expected FP32 [-1,4], got INT64 [2]\n"]);
  });

  it('fails on a file that is not there', async () => {
    const { status, err } = await infer(['--input', join(folder, 'nothing.json')]);
    expect(status).toBe(1);
    expect(err).toContain('nothing.json: there is no such file');
  });

  it.each(['--image', '--csv'])('%s says in words that a file is not there or is a folder', async (flag) => {
    const x = { name: 'x', type: 'number', datatype: 'FP32', shape: [], optional: false };
    pop.intercept = () => ({ status: 200, body: { ...plainMetadata, features: [x] } });
    const missing = join(folder, 'nothing.csv');
    expect((await infer([flag, missing])).err).toBe(`popserve: cannot read ${missing}: there is no such file\n`);
    expect((await infer([flag, folder])).err).toBe(
      `popserve: cannot read ${folder}: it is a folder, expected a file\n`,
    );
  });

  it.each([
    ['a record, where its one feature is a text', ['string'], "ask with --record 'message=Hi mum'"],
    ['a record or a request', ['number', 'string'], 'ask with --record or --input (--example prints a request)'],
  ])('leads from --text to %s, where the version takes no texts', async (_, types, advice) => {
    const names = ['message', 'other'];
    const features = types.map((type, at) => ({
      ...{ name: names[at], type, datatype: 'BYTES', shape: [], optional: false },
    }));
    pop.intercept = ({ call }) =>
      call.startsWith('GET')
        ? { status: 200, body: { ...plainMetadata, features } }
        : { status: 400, body: { error: 'the body is not JSON: expected a value at position 0, got "H"' } };
    const { status, err } = await infer(['--text', 'Hi mum']);
    const fault = '--text: m was published without a task that takes texts, see docs/texts.md';
    expect([status, err]).toEqual([1, `popserve: ${fault}; ${advice}\n`]);
  });

  it('passes the refusal of a text on by a version that takes texts', async () => {
    const pipeline = { task: 'text-classification', inputs: [], outputs: [] };
    pop.intercept = ({ call }) =>
      call.startsWith('GET')
        ? { status: 200, body: { ...plainMetadata, features: [], pipeline } }
        : { status: 400, body: { error: 'the text is too long' } };
    expect((await infer(['--text', 'Hi mum'])).err).toBe('popserve: the text is too long\n');
  });

  it('says so when the answer is no inference response', async () => {
    pop.intercept = () => ({ status: 200, body: new TextEncoder().encode('<html>') });
    const { status, err } = await infer(['--input', file]);
    expect(status).toBe(1);
    expect(err).toContain("the server's answer is not an inference response");
  });
});

describe('popserve infer with records', () => {
  const feature = (name: string, type: string, changes: object = {}) => ({
    ...{ name, type, datatype: type === 'string' ? 'BYTES' : 'FP32', shape: [], optional: false },
    ...changes,
  });
  const metadata = {
    ...{
      name: 'm',
      versions: ['v1'],
      platform: 'onnxruntime_onnx',
      inputs: [],
      outputs: [],
      records: 2,
      properties: {},
    },
    features: [
      feature('type', 'string'),
      feature('torque', 'number'),
      feature('window', 'number', { shape: [-1], optional: true }),
    ],
  };
  const predictions = (...labels: string[]) =>
    JSON.stringify({
      model_name: 'm',
      model_version: 'v1',
      predictions: labels.map((label) => ({ label, probability: 0.9 })),
    });
  const rows = join(folder, 'rows.csv');

  beforeEach(() => {
    pop.intercept = ({ body }) => {
      const sent = body.toString();
      const labelsOf = (request: { instances: { type: string }[] }) => request.instances.map(({ type }) => type);
      // The metadata are asked for without a body.
      const answer = sent === '' ? JSON.stringify(metadata) : predictions(...labelsOf(JSON.parse(sent)));
      return { status: 200, headers: { ...served, 'popserve-version': 'v1' }, body: new TextEncoder().encode(answer) };
    };
  });

  it('sends a record by the types of the features, and prints the prediction and the same by curl', async () => {
    const { status, out } = await infer(['--record', 'type=L', 'torque=64.5', 'window=1,2']);
    const body = '{"instances":[{"type":"L","torque":64.5,"window":[1,2]}]}';
    expect([status, pop.asked.at(-1)?.body.toString()]).toEqual([0, body]);
    expect(out.split('\n').slice(0, 3)).toEqual(['m v1 of a record', 'LABEL  PROBABILITY', 'L      0.9']);
    expect(out).toContain(`-H 'content-type: application/json' --data-raw '${body}'`);
  });

  it('sends the rows of a file in as many requests as the model needs', async () => {
    writeFileSync(rows, 'id,type,torque\n1,L,64.5\n2,M,3\n3,H,7\n');
    const { status, out } = await infer(['--csv', rows]);
    expect([status, pop.calls]).toEqual([
      0,
      ['GET /v2/models/m', 'POST /v2/models/m/infer', 'POST /v2/models/m/infer'],
    ]);
    expect(out).toContain('ROW  LABEL  PROBABILITY\n1    L      0.9\n2    M      0.9\n3    H      0.9\n');
    expect(out).toContain('note: columns that are no features are left out: id');
    expect(JSON.parse((await infer(['--csv', rows, '--json'])).out)).toHaveLength(3);
  });

  it('sends one row of a file', async () => {
    writeFileSync(rows, 'type,torque\nL,64.5\nM,3\n');
    const { out } = await infer(['--csv', rows, '--row', '2']);
    expect(pop.asked.at(-1)?.body.toString()).toBe('{"instances":[{"type":"M","torque":3}]}');
    expect(out).toContain(`m v1 of row 2 of ${rows}\nLABEL  PROBABILITY\nM      0.9\n`);
    const beyond = await infer(['--csv', rows, '--row', '3']);
    expect([beyond.status, beyond.err]).toEqual([1, `popserve: --row 3: ${rows} has 2 rows\n`]);
  });

  it('takes records as JSON objects', async () => {
    const { out } = await infer(['--record', '{"type":"L","torque":1}', '{"type":"M","torque":2}']);
    expect(pop.asked.at(-1)?.body.toString()).toBe('{"instances":[{"type":"L","torque":1},{"type":"M","torque":2}]}');
    expect(out).toContain('m v1 of 2 records\n');
  });

  it.each([
    ['a request', '{"instances": [{"type": "L", "torque": 1.50}]}', '{"instances": [{"type": "L", "torque": 1.50}]}'],
    ['a record', ' {"type": "L", "torque": 1.50}\n', '{"instances":[{"type": "L", "torque": 1.50}]}'],
    ['a list of records', '[{"type": "L", "torque": 1.50}]\n', '{"instances":[{"type": "L", "torque": 1.50}]}'],
  ])('reads records from a file: %s', async (_, content, sent) => {
    const records = join(folder, 'records.json');
    writeFileSync(records, content);
    const { status, out } = await infer(['--input', records]);
    expect([status, pop.asked.at(-1)?.body.toString()]).toEqual([0, sent]);
    expect(out).toContain('m v1 (epoch 4, digest sha256:bbbbbbbbbbbb, pop local)\nLABEL  PROBABILITY\nL      0.9\n');
    expect((await infer(['--input', records, '--json'])).out).toBe(`${predictions('L')}\n`);
    const binary = await infer(['--input', records, '--binary']);
    expect([binary.status, binary.err]).toEqual([
      2,
      expect.stringContaining(`--binary sends tensors, and ${records} has records`),
    ]);
  });

  it.each([
    [
      'a feature that there is not',
      ['--record', 'speed=1'],
      1,
      "the model has no feature 'speed'; it has type, torque, window",
    ],
    [
      'a value of another type',
      ['--record', 'torque=fast'],
      1,
      "--record torque: expected a number for 'torque', got 'fast'",
    ],
    ['a pair without a value', ['--record', 'torque'], 1, '--record torque: expected name=value'],
    ['a column that is missing', ['--csv', rows], 1, "expected a column 'torque', it has id, type"],
    [
      'two questions',
      ['--record', 'torque=1', '--csv', rows],
      2,
      '--record does not go with --csv: one question at a time',
    ],
    ['a request beside', ['--csv', rows, '--binary'], 2, '--binary goes with --input'],
  ])('refuses %s', async (_, args, expected, message) => {
    writeFileSync(rows, 'id,type\n1,L\n');
    const { status, err } = await infer(args);
    expect([status, err]).toEqual([expected, expect.stringContaining(message)]);
  });
});
