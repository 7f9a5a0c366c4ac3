// Every model of the zoo: published with the command, served by the Worker in workerd over HTTP, JSON and binary, compared
// with the answers of native onnxruntime.
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestSchema } from '../../registry/manifest.ts';
import { Inspector } from '../../scripts/inspect/inspector.ts';
import { preparePublication } from '../../scripts/validation/prepare-publication.ts';
import { TestPop } from '../harness/pop.ts';
import { runCommand } from '../scripts/cli/captured-host.ts';
import { expectClose, type GoldenTensor, readGoldenCase } from './golden-case.ts';
import { binaryRequest, jsonRequest, readAnswer } from './wire.ts';
import { hasZoo, zooJson, zooPath } from './zoo.ts';

interface Meta {
  readonly tolerance: string;
  readonly cases: { id: string }[];
}

const models = hasZoo
  ? readdirSync(zooPath(), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'data' && entry.name !== 'hostile')
      .map(({ name }) => ({ name, meta: zooJson<Meta>(name, 'meta.json') }))
  : [];

describe.skipIf(!hasZoo)('the model zoo', () => {
  let pop: TestPop;
  let inspector: Inspector;
  beforeAll(async () => {
    pop = await TestPop.start();
    inspector = await Inspector.start();
  });
  afterAll(async () => {
    await inspector.close();
    await pop.stop();
  });

  describe.each(models)('$name', ({ name, meta }) => {
    const model = name.toLowerCase();
    const labels = zooPath(name, 'labels.txt');
    const named = existsSync(labels) ? ['--labels', labels] : [];
    const published = new Promise<string>((resolve, reject) => {
      test('is published and activated with one command', async () => {
        const ran = await runCommand(
          ['publish', zooPath(name, 'model.onnx'), '--name', model, '--activate', '--json', ...named],
          pop.pop.url.href,
          {
            env: { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token },
            prepare: (options, progress) =>
              preparePublication({ ...options, probeLimitMs: 0, engine: 'onnxruntime' }, progress, inspector),
          },
        );
        if (ran.status !== 0) reject(new Error(ran.out || ran.err));
        expect(ran.status, ran.out + ran.err).toBe(0);
        const manifest = manifestSchema.parse((JSON.parse(ran.out) as { manifest: unknown }).manifest);
        expect(manifest.artifacts.model.format).toBe('ort');
        expect(manifest.runtime.profiles.lean?.heapBytes).toBeGreaterThanOrEqual(manifest.artifacts.model.bytes);
        expect(manifest.runtime.profiles.fast).toBeDefined();
        expect(manifest.warmup).not.toBeNull();
        const labelled = name.endsWith('zipmap') || existsSync(labels);
        // Other classifiers name their classes in the graph.
        if (labelled) expect(Object.keys(manifest.labels ?? {})).not.toEqual([]);
        resolve(ran.out);
      }, 60_000);
    });
    published.catch(() => undefined);

    const byCosine = meta.tolerance.startsWith('cosine');
    describe.each(meta.cases.map(({ id }) => id))('%s', (id) => {
      const golden = readGoldenCase(name, id);
      const names = golden.outputs.map((output) => output.name);

      test('binary', async () => {
        await published;
        const { body, headers } = binaryRequest(golden.inputs, names);
        const answer = await pop.send('POST', `/v2/models/${model}/infer`, body, headers);
        expect(answer.status, new TextDecoder().decode(answer.bytes.subarray(0, 300))).toBe(200);
        compare(readAnswer(answer.bytes, answer.headers.get('inference-header-content-length')), golden.outputs);
      });

      test('JSON', async () => {
        await published;
        const { body, headers } = jsonRequest(golden.inputs, names);
        const answer = await pop.send('POST', `/v2/models/${model}/infer`, body, headers);
        expect(answer.status, new TextDecoder().decode(answer.bytes.subarray(0, 300))).toBe(200);
        const outputs = readAnswer(answer.bytes, answer.headers.get('inference-header-content-length'));
        // NaN and infinities are null in JSON.
        compare(
          outputs,
          golden.outputs.map((tensor, index) => withoutInfinities(tensor, outputs[index])),
        );
      });
    });

    if (name === 'mobilenetv2-fp32') {
      test('names what a picture shows', async () => {
        await published;
        const [picture] = readGoldenCase(name, 'elephants').inputs;
        const answer = await pop.send('POST', `/v2/models/${model}/infer`, {
          inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3, 224, 224], data: picture?.values }],
          outputs: [{ name: 'output', parameters: { classification: 2 } }],
        });
        const { outputs } = answer.json<{ outputs: { datatype: string; shape: number[]; data: string[] }[] }>();
        expect(outputs).toMatchObject([{ datatype: 'BYTES', shape: [1, 2] }]);
        const [best, second] = outputs[0]?.data.map((text) => text.replace(/^[\d.]+:/, '')) ?? [];
        expect(best).toBe('385:Indian elephant, Elephas maximus');
        expect(second).toBe('101:tusker');
      });
    }

    function compare(outputs: readonly GoldenTensor[], expected: readonly GoldenTensor[]): void {
      expect(outputs.map((output) => output.name)).toEqual(expected.map((output) => output.name));
      for (const [index, output] of outputs.entries()) {
        const wanted = expected[index];
        if (wanted) expectClose(output, wanted, byCosine);
      }
    }
  });
});

function withoutInfinities(tensor: GoldenTensor, answered: GoldenTensor | undefined): GoldenTensor {
  if (tensor.datatype === 'FP16' || !answered) return tensor;
  const values = tensor.values.map((value) =>
    typeof value === 'number' && !Number.isFinite(value) ? Number.NaN : value,
  );
  return { ...tensor, values };
}
