// How data files are read, from the command's options to the figures and what the manifest keeps.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { integers, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';
import type { DataOptions } from '../../../scripts/validation/test-data.ts';
import { runCommand } from '../cli/captured-host.ts';
import { Workshop } from '../publish/workshop.ts';
import { classifier } from './classifiers.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

const required = { requirements: [], regressionLimits: [], budgets: {} };

function judge(file: string, testData: DataOptions) {
  return workshop.publish(file, { validation: { ...required, testData } });
}

/** y = id mod 7, of 64-bit integers. */
const remainder = () =>
  model({
    name: 'remainder',
    opsets: { '': 17 },
    inputs: [tensorValue('id', TensorProto_DataType.INT64, ['n', 1])],
    outputs: [tensorValue('y', TensorProto_DataType.FLOAT, ['n', 1])],
    nodes: [
      node('Mod', ['id', 'seven'], ['rest']),
      node('Cast', ['rest'], ['y'], { to: { int: TensorProto_DataType.FLOAT } }),
    ],
    initializers: [integers('seven', [1], [7])],
  });

describe('a data file', { timeout: 60_000 }, () => {
  it('of JSON lines gives the figures of the same rows as CSV, with integers beyond 2^53', async () => {
    const file = workshop.write('remainder.onnx', remainder());
    const ids = [2n ** 53n + 1n, 2n ** 62n + 3n, 9n, 2n ** 63n - 1n];
    const csv = workshop.write('ids.csv', `id,rest\n${ids.map((id) => `${id},${id % 7n}\n`).join('')}`);
    const lines = workshop.write('ids.jsonl', ids.map((id) => `{"id":${id},"rest":${id % 7n}}\n`).join(''));
    for (const path of [csv, lines]) {
      const { manifest } = await judge(file, { path, label: 'rest' });
      expect(manifest.evaluation?.metrics).toMatchObject({ mae: 0 });
    }
  });

  it('of a spreadsheet is read as it is, which is told and kept', async () => {
    const file = workshop.write('model.onnx', classifier(0));
    const text = 'x;qualité\n-1,5;bad\n0,25;good\n';
    const path = workshop.write('rows.csv', Buffer.from(text, 'latin1'));
    await expect(judge(file, { path, label: 'qualité' })).rejects.toThrow(
      'rows.csv is not UTF-8: the byte at offset 8',
    );
    const { manifest } = await judge(file, { path, label: 'qualité', reading: { encoding: 'windows-1252' } });
    expect(manifest.evaluation?.metrics).toMatchObject({ accuracy: 1 });
    const reading = { encoding: 'windows-1252', separator: ';', decimal: ',' };
    expect([manifest.evaluation?.data.reading, manifest.baseline?.reference.reading]).toEqual([reading, reading]);
    expect(manifest.notes).toEqual(
      expect.arrayContaining(['rows.csv has semicolons between its cells', 'rows.csv has decimal commas, as in -1,5']),
    );
  });

  it('with infinities gives a baseline and golden vectors that JSON can carry', async () => {
    const tanh = model({
      name: 'tanh',
      opsets: { '': 17 },
      inputs: [tensorValue('x', TensorProto_DataType.FLOAT, ['n', 1])],
      outputs: [tensorValue('y', TensorProto_DataType.FLOAT, ['n', 1])],
      nodes: [node('Tanh', ['x'], ['y'])],
    });
    const path = workshop.write('inf.csv', 'x,truth\n0,0\ninf,1\n-inf,-1\n0.5,0.46211716\n2,0.96402758\n');
    const { manifest, blobs } = await judge(workshop.write('tanh.onnx', tanh), { path, label: 'truth' });
    expect(manifest.evaluation?.metrics.mae).toBeLessThan(1e-6);
    expect(manifest.baseline?.inputs[0]?.counts).toMatchObject({ missing: 0 });
    const golden = blobs.find(({ digest }) => digest === manifest.artifacts.golden?.digest);
    const { cases } = JSON.parse(new TextDecoder().decode(golden?.bytes)) as {
      cases: { inputs: { data: unknown[] }[] }[];
    };
    expect(cases.flatMap(({ inputs }) => inputs.flatMap(({ data }) => data))).not.toContain(null);
    expect(cases.length).toBeGreaterThan(0);
  });
});

describe('the options of reading', () => {
  const run = (...args: string[]) =>
    runCommand(['publish', 'm.onnx', '--name', 'm', ...args], 'http://127.0.0.1:1', {
      env: { POPSERVE_URL: 'http://127.0.0.1:1', POPSERVE_TOKEN: 't' },
    });

  it.each([
    [['--encoding', 'klingon'], 'expected a name such as utf-8, windows-1252'],
    [['--separator', 'x'], 'expected comma, semicolon, tab, bar, space or one other character'],
    [['--separator', ',;'], 'expected comma, semicolon, tab'],
    [['--decimal', 'dot'], 'expected point or comma'],
    [['--missing', 'NA,,x'], 'expected words separated by commas'],
    [['--separator', 'comma', '--decimal', 'comma'], '--decimal comma does not go with --separator comma'],
    [['--missing', 'NA'], 'need --test-data or --reference'],
  ])('%j are wrong usage', async (args, words) => {
    const data = args.length === 2 && args[0] === '--missing' && args[1] === 'NA' ? [] : ['--test-data', 'd.csv'];
    expect(await run(...args, ...data)).toMatchObject({ status: 2, err: expect.stringContaining(words) });
  });
});
