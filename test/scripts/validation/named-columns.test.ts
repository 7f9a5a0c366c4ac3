// Names of columns from publishing to the callers: records, the baseline and the figures of the gate go by them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PredictAnswer } from '../../../client/options.ts';
import { mlDomain, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';
import { preparePublication } from '../../../scripts/validation/prepare-publication.ts';
import { TestPop } from '../../harness/pop.ts';
import { type Ran, runCommand } from '../cli/captured-host.ts';
import { Workshop } from '../publish/workshop.ts';

const { FLOAT, STRING } = TensorProto_DataType;

let workshop: Workshop;
let pop: TestPop;
beforeAll(async () => {
  [workshop, pop] = await Promise.all([Workshop.open(), TestPop.start()]);
});
afterAll(() => Promise.all([workshop.close(), pop.stop()]));

function run(...args: string[]): Promise<Ran> {
  return runCommand(args, pop.pop.url.href, {
    env: { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' },
    prepare: (options, progress) => preparePublication(options, progress, workshop.inspector),
  });
}

/** cost = the sum of two features; with a city 10 more in Rome. */
function houses(withCity: boolean) {
  const city = { keys_strings: { strings: ['Rome'] }, values_floats: { floats: [10] }, default_float: { float: 0 } };
  return model({
    ...{ name: 'houses', opsets: { '': 12, [mlDomain]: 2 } },
    inputs: [...(withCity ? [tensorValue('city', STRING, ['n', 1])] : []), tensorValue('size', FLOAT, ['n', 2])],
    outputs: [tensorValue('cost', FLOAT, ['n', 1])],
    nodes: withCity
      ? [
          node('LabelEncoder', ['city'], ['more'], city, mlDomain),
          node('ReduceSum', ['size'], ['sum'], { axes: { ints: [1] }, keepdims: { int: 1 } }),
          node('Add', ['sum', 'more'], ['cost']),
        ]
      : [node('ReduceSum', ['size'], ['cost'], { axes: { ints: [1] }, keepdims: { int: 1 } })],
  });
}

const rows = (head: string, count = 40) =>
  [
    head,
    ...Array.from(
      { length: count },
      (_, at) => `${at},${at * 2},${at % 2 ? 'Rome,' : 'Oslo,'}${3 * at + (at % 2) * 10}`,
    ),
  ].join('\n');
const post = async (name: string, body: object) =>
  (await pop.send('POST', `/v2/models/${name}/infer`, body)).json<PredictAnswer<unknown>>();

describe('names of columns', { timeout: 60_000 }, () => {
  it('of a vector beside a text are those of records, the baseline and the test data', async () => {
    const file = workshop.write('mixed.onnx', houses(true));
    const data = workshop.write('mixed.csv', rows('Rooms,Area [m2],city,price'));
    const asked = ['publish', file, '--name', 'mixed', '--test-data', data, '--label', 'price', '--activate'];
    const refused = await run(...asked);
    expect(refused.err).toContain(
      "input 'size': the test data has no column of that name; give it as --column size=COLUMN, or the 2 columns of its elements as --features A,B,…. Columns: Rooms, Area [m2], city (Rooms, Area [m2] are left)",
    );
    const done = await run(...asked, '--features', 'rooms,area', '--require', 'mae<=0');
    expect(done, done.err).toMatchObject({ status: 0 });
    const manifest = await pop.manifest('mixed', '1');
    expect(manifest.features).toEqual(['city', 'rooms', 'area']);
    expect(manifest.baseline?.inputs.map(({ name }) => name)).toEqual(['city', 'rooms', 'area']);
    expect(manifest.evaluation?.metrics.mae).toBe(0);
    expect((await run('show', 'mixed', '1')).out).toMatch(/\ncolumns of size +rooms, area\n/);
    const record = { city: 'Rome', rooms: 3, area: 40 };
    expect((await post('mixed', { instances: [record] })).predictions).toEqual([{ cost: 53 }]);
    const inferred = await run('infer', 'mixed', '--record', 'city=Rome', 'rooms=3', 'area=40');
    expect(inferred.out).toMatch(/COST\n53/);
  });

  it('that a CSV gives are those of records, while rows and lists work as before', async () => {
    const file = workshop.write('plain.onnx', houses(false));
    const header = 'rooms,area,price';
    const text = [header, ...Array.from({ length: 40 }, (_, at) => `${at},${at * 2},${3 * at}`)].join('\n');
    const data = workshop.write('plain.csv', text);
    const done = await run('publish', file, '--name', 'plain', '--test-data', data, '--label', 'price', '--activate');
    expect(done, done.err).toMatchObject({ status: 0 });
    expect(done.out).toContain(
      "note: records name the columns of input 'size' as plain.csv does: rooms, area (--features names others)",
    );
    expect((await pop.manifest('plain', '1')).features).toEqual(['rooms', 'area']);
    const instances = [{ rooms: 1, area: 2 }, { size: [3, 4] }];
    expect((await post('plain', { instances })).predictions).toEqual([{ cost: 3 }, { cost: 7 }]);
    const predicted = await pop.send('POST', '/v1/models/plain:predict', {
      instances: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(predicted.json()).toEqual({ predictions: [[3], [7]] });
    // The order of the reference data's columns does not matter: they have names now.
    const turned = workshop.write('turned.csv', 'area,rooms\n1000,1\n2000,2\n');
    const again = await run(
      'publish',
      file,
      '--name',
      'plain',
      '--test-data',
      data,
      '--label',
      'price',
      '--reference',
      turned,
    );
    expect(again, again.err).toMatchObject({ status: 0 });
    const { baseline } = await pop.manifest('plain', '2');
    expect(baseline?.inputs.map(({ name, bins }) => [name, bins.kind === 'numeric' ? bins.range : null])).toEqual([
      ['rooms', [1, 2]],
      ['area', [1000, 2000]],
    ]);
  });
});
