// The release gate over folders, from end to end: the command, the pipeline with the inspection Worker, a real PoP.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats, integers, model, node, tensorValue } from '../../../../scripts/onnx/build.ts';
import type { OnnxModel } from '../../../../scripts/onnx/model-file.ts';
import { TensorProto_DataType } from '../../../../scripts/onnx/onnx_pb.ts';
import { preparePublication } from '../../../../scripts/validation/prepare-publication.ts';
import { readData } from '../../../../scripts/validation/read-data.ts';
import { elementsOf } from '../../../../worker/protocol/elements.ts';
import { floatsNpy, npy, png } from '../../../harness/pictures/encoders.ts';
import { jpegs } from '../../../harness/pictures/jpegs.ts';
import { TestPop } from '../../../harness/pop.ts';
import { hasZoo, zooFile, zooJson, zooPath } from '../../../zoo/zoo.ts';
import { type Ran, runCommand } from '../../cli/captured-host.ts';
import { Workshop } from '../../publish/workshop.ts';

let workshop: Workshop;
let pop: TestPop;
let labels: string;
beforeAll(async () => {
  [workshop, pop] = await Promise.all([Workshop.open(), TestPop.start()]);
  labels = workshop.write('colours.txt', 'red\ngreen\nblue\n');
});
afterAll(() => Promise.all([workshop.close(), pop.stop()]));

/** Scores [n,3]: the mean of each channel of x [n,3,8,8] and a bias. */
function colourModel(bias: readonly number[]): OnnxModel {
  const { FLOAT } = TensorProto_DataType;
  return model({
    name: 'colours',
    opsets: { '': 13 },
    inputs: [tensorValue('x', FLOAT, ['n', 3, 8, 8])],
    outputs: [tensorValue('scores', FLOAT, ['n', 3])],
    initializers: [floats('bias', [3], bias)],
    nodes: [
      node('GlobalAveragePool', ['x'], ['pooled']),
      node('Flatten', ['pooled'], ['means']),
      node('Add', ['means', 'bias'], ['scores']),
    ],
  });
}

/** A new folder with these files. */
function folder(name: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  const path = join(workshop.folder, name);
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), content);
  }
  return path;
}

function run(...args: string[]): Promise<Ran> {
  return runCommand(args, pop.pop.url.href, {
    env: { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' },
    prepare: (options, progress) => preparePublication(options, progress, workshop.inspector),
  });
}

function publish(file: string, name: string, data: string, ...args: string[]): Promise<Ran> {
  return run('publish', file, '--name', name, '--test-data', data, '--labels', labels, '--probe-limit', '0', ...args);
}

const plain = (...rgb: number[]) => png(12, 10, () => rgb);
const filled = (...rgb: number[]) =>
  floatsNpy(
    [3, 8, 8],
    rgb.flatMap((value) => new Array<number>(64).fill(value)),
  );

describe('the release gate on a folder', { timeout: 60_000 }, () => {
  it('judges by images in sub-folders, and keeps how they were prepared', async () => {
    const file = workshop.write('colours.onnx', colourModel([0, 0, 0]));
    const data = folder('images', {
      'red/a.png': plain(200, 30, 30),
      'red/photo.jpg': Buffer.from(jpegs.baseline, 'base64'),
      'green/a.png': plain(0, 90, 20),
      // By its number.
      '2/a.png': plain(10, 20, 250),
    });
    const options = ['--image-mean', '0.5', '--image-std', '0.5', '--image-resize', 'stretch'];
    const report = join(workshop.folder, 'report.html');
    const ran = await publish(
      file,
      'images',
      data,
      ...options,
      '--require',
      'accuracy>=1',
      '--activate',
      '--report',
      report,
    );
    expect(ran, ran.out + ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toContain(
      "images for input 'x': stretched to 8x8 (bilinear), RGB, NCHW, 0-1, less 0.5, 0.5, 0.5, divided by 0.5, 0.5, 0.5",
    );
    expect(ran.out).toContain('multiclass on images, 4 rows; native onnxruntime agrees');
    const manifest = await pop.manifest('images', '1');
    expect(manifest.evaluation).toMatchObject({
      data: { file: 'images', rows: 4 },
      label: 'sub-folder',
      preprocessing: [
        { input: 'x', layout: 'NCHW', resize: 'stretch', size: [8, 8], scale: '0-1', mean: [0.5, 0.5, 0.5] },
      ],
      classes: ['red', 'green', 'blue'],
      confusion: [
        [2, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      native: { rows: 4, agrees: true },
      metrics: { accuracy: 1, f1_macro: 1 },
    });
    expect(manifest.baseline?.inputs.map(({ take }) => take)).toEqual(['mean', 'contrast', 'energy']);
    const html = readFileSync(report, 'utf8');
    expect(html).toContain('stretched to 8x8');
    expect(html).toContain('<span class="one c2">blue 1.000</span>');
    expect(html.match(/class="line one c2"/g)).toHaveLength(2);

    const golden = await pop.operate('GET', `/registry/blobs/${manifest.artifacts.golden?.digest}`);
    const { cases } = (await golden.json()) as { cases: { inputs: { shape: number[]; data: number[] }[] }[] };
    // A row of each class in the order of the classes, the blue one last; then a batch.
    expect(cases.map(({ inputs }) => inputs[0]?.shape)).toEqual([
      [1, 3, 8, 8],
      [1, 3, 8, 8],
      [1, 3, 8, 8],
      [3, 3, 8, 8],
    ]);
    expect(cases[2]?.inputs[0]?.data[128]).toBeCloseTo((250 / 255 - 0.5) / 0.5, 6);
  });

  it('judges by arrays that a labels.csv lists, and refuses what is below the requirement', async () => {
    const file = workshop.write('colours.onnx', colourModel([0, 0, 0]));
    const data = folder('arrays', {
      'labels.csv': 'file,colour\na.npy,red\nb.npy,green\nc.bin,blue\nb.npy,blue\n',
      'a.npy': filled(3, 2, 1),
      'b.npy': filled(1, 2, 0),
      'c.bin': new Uint8Array(Float32Array.from({ length: 192 }, (_, at) => at).buffer),
    });
    const ran = await publish(file, 'arrays', data, '--require', 'accuracy>=0.8', '--json');
    expect(JSON.parse(ran.out)).toMatchObject({
      failures: ['accuracy is 0.75, required >=0.8'],
      evaluation: {
        label: 'labels.csv: colour',
        confusion: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 1, 1],
        ],
      },
    });
    expect(JSON.parse(ran.out).evaluation.preprocessing).toBeUndefined();
  });

  it('compares with the version that is served on images as that one wants them', async () => {
    // The bias decides nothing for values from 0 to 255, and everything for values from 0 to 1.
    const data = (name: string, red: number) =>
      folder(name, { 'red/a.png': plain(red, 9, 9), 'green/a.png': plain(9, 200, 9), 'blue/a.png': plain(0, 0, 99) });
    const file = workshop.write('biased.onnx', colourModel([0, 20, 0]));
    const large = ['--image-scale', '0-255', '--require', 'accuracy>=1'];
    const first = await publish(file, 'served', data('first', 210), ...large, '--activate');
    expect(first, first.out + first.err).toMatchObject({ status: 0 });
    const next = workshop.write('even.onnx', colourModel([0, 0, 0]));
    const ran = await publish(next, 'served', data('second', 211), '--image-mean', '0', '--max-regression', '0.01');
    expect(ran, ran.out + ran.err).toMatchObject({ status: 0 });
    expect((await pop.manifest('served', '2')).evaluation?.gate.stable).toMatchObject({ metrics: { accuracy: 1 } });
  });

  it('takes several inputs and numbers for the truth', async () => {
    const { FLOAT, INT64 } = TensorProto_DataType;
    const sum = model({
      name: 'sum',
      opsets: { '': 13 },
      inputs: [tensorValue('a', FLOAT, ['n', 2]), tensorValue('b', INT64, ['n', 2])],
      outputs: [tensorValue('sum', FLOAT, ['n', 1])],
      nodes: [
        node('Cast', ['b'], ['c'], { to: { int: FLOAT } }),
        node('Add', ['a', 'c'], ['d']),
        node('ReduceSum', ['d', 'axes'], ['sum']),
      ],
      initializers: [integers('axes', [1], [1])],
    });
    const whole = (...values: bigint[]) =>
      npy({ descr: "'<i8'", shape: [2], data: new Uint8Array(BigInt64Array.from(values).buffer) });
    const data = folder('sums', {
      'labels.csv': 'a,b,value\n1.npy,2.npy,10\n2f.npy,2.npy,12.5\n',
      '1.npy': floatsNpy([2], [1, 2]),
      '2f.npy': floatsNpy([2], [2, 3]),
      '2.npy': whole(3n, 4n),
    });
    const ran = await run(
      'publish',
      workshop.write('sum.onnx', sum),
      '--name',
      'sums',
      '--test-data',
      data,
      '--require',
      'mae<=0.25',
    );
    expect(ran, ran.out + ran.err).toMatchObject({ status: 0 });
    expect((await pop.manifest('sums', '1')).evaluation).toMatchObject({ task: 'regression', metrics: { mae: 0.25 } });
  });

  it.each([
    [
      'odd/red/b.npy',
      floatsNpy([3, 8], new Array(24).fill(0)),
      [],
      "red/b.npy: expected FP32 [3,8,8] for a row of input 'x', got FP32 [3,8]",
    ],
    ['cut/red/b.png', plain(1, 2, 3).subarray(0, 60), [], 'red/b.png: the PNG ends after'],
    ['small/red/b.png', plain(1, 2, 3), ['--image-resize', 'none'], 'red/b.png: expected an image of 8x8'],
    ['other/pink/b.png', plain(1, 2, 3), [], "the test data has 'pink' in the truth; name them with --labels"],
  ])('names the fault of %s, and nothing is released', async (name, content, options, words) => {
    const [set = ''] = name.split('/');
    const data = folder(set, { 'red/a.npy': filled(1, 0, 0), [name.slice(set.length + 1)]: content });
    const file = workshop.write('colours.onnx', colourModel([0, 0, 0]));
    const ran = await publish(file, `m-${set}`, data, ...options);
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining(words) });
    expect((await pop.send('GET', `/v2/models/m-${set}`)).status).toBe(404);
  });

  it('looks at the classes before it runs all that is there', async () => {
    const reds = Array.from({ length: 12 }, (_, index) => [`red/${index + 10}.npy`, filled(1, 0, 0)] as const);
    // Beyond the rows that golden vectors are made of: nobody comes that far.
    const data = folder('classes', {
      ...Object.fromEntries(reds),
      'red/99.npy': 'broken',
      'pink/a.npy': filled(1, 0, 0),
    });
    const ran = await publish(workshop.write('colours.onnx', colourModel([0, 0, 0])), 'classes', data);
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining("has 'pink' in the truth") });
  });

  it.each([
    [['--image-mean', 'grey'], 'expected a number'],
    [['--image-std', '1,0,1'], 'expected number to be >0'],
    [['--image-resize', 'big'], 'expected pixels, stretch or none'],
    [['--image-scale', '1'], 'Allowed choices are 0-1, 0-255'],
  ])('is not used with %j', async (args, words) => {
    const ran = await run('publish', 'm.onnx', '--name', 'm', '--test-data', 'x', ...args);
    expect(ran).toMatchObject({ status: 2, err: expect.stringContaining(words) });
  });

  it('has images to be about', async () => {
    const ran = await run('publish', 'm.onnx', '--name', 'm', '--image-mean', '1');
    expect(ran).toMatchObject({ status: 2, err: expect.stringContaining('need --test-data, --reference or') });
  });
});

describe.skipIf(!hasZoo)('a real image model', { timeout: 60_000 }, () => {
  it('sees who is there on the pictures that come with it', async () => {
    // Bitmaps whose bytes are the pixels less 128; the model takes (pixel - 127) / 127.5.
    const picture = (name: string) => {
      const bitmap = Buffer.from(zooFile('person-detect-int8', 'images', `${name}.bmp`));
      const start = bitmap.readUInt32LE(10);
      return png(96, 96, (x, y) => [(bitmap.readInt8(start + (95 - y) * 96 + x) + 128) & 255]);
    };
    const data = folder('people', { 'person/1.png': picture('person'), 'no person/1.png': picture('no_person') });
    const options = ['--image-resize', 'none', '--image-scale', '0-255', '--image-mean', '127', '--image-std', '127.5'];
    const ran = await run(
      ...['publish', zooPath('person-detect-int8', 'model.onnx'), '--name', 'people', '--test-data', data],
      ...['--labels', zooPath('person-detect-int8', 'labels.txt'), '--probe-limit', '0', ...options],
      ...['--require', 'accuracy>=1', '--require', 'log_loss<=0.5'],
    );
    expect(ran, ran.out + ran.err).toMatchObject({ status: 0 });
    const { signature, evaluation } = await pop.manifest('people', '1');
    expect(evaluation).toMatchObject({ task: 'binary', positive: 'person', native: { agrees: true } });

    const golden = zooJson<{ inputs: { input: { data: number[] } } }>('person-detect-int8', 'golden', 'person.json');
    const read = await readData({ path: data, preprocessing: evaluation?.preprocessing ?? [] }, signature, true);
    const [tensor] = await read.inputs(read.truth.indexOf('person'), read.truth.indexOf('person') + 1);
    const values = elementsOf('FP32', (tensor?.data ?? new Uint8Array()) as Uint8Array);
    const worst = values.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - (golden.inputs.input.data[at] ?? 9))),
      0,
    );
    expect(values).toHaveLength(96 * 96);
    expect(worst).toBeLessThan(1e-5);
  });
});
