// Real models from registry packages, on every machine: published with the command, served over HTTP, compared with native
// onnxruntime; one of them gated, switched over under requests, and watched for drift.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driftStatusSchema } from '../../registry/api/drift.ts';
import { type Manifest, manifestSchema } from '../../registry/manifest.ts';
import { Inspector } from '../../scripts/inspect/inspector.ts';
import { preparePublication } from '../../scripts/validation/prepare-publication.ts';
import { eventually } from '../harness/eventually.ts';
import { floatsNpy } from '../harness/pictures/encoders.ts';
import { TestPop } from '../harness/pop.ts';
import { type Ran, runCommand } from '../scripts/cli/captured-host.ts';
import { expectClose, type GoldenTensor } from '../zoo/golden-case.ts';
import { binaryRequest, jsonRequest, readAnswer } from '../zoo/wire.ts';
import { drawLine, orientationNet, type PackagedTensor, packagedModels } from './packaged-models.ts';

let pop: TestPop;
let inspector: Inspector;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'popserve-packaged-'));
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0' });
  inspector = await Inspector.start();
});
afterAll(async () => {
  await inspector.close();
  await pop.stop();
  rmSync(folder, { recursive: true });
});

function run(...args: string[]): Promise<Ran> {
  return runCommand(args, pop.pop.url.href, {
    env: { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token },
    prepare: (options, progress) =>
      preparePublication({ ...options, probeLimitMs: 0, engine: 'onnxruntime' }, progress, inspector),
  });
}

async function publish(file: string, name: string, ...args: string[]): Promise<Manifest> {
  const ran = await run('publish', file, '--name', name, '--activate', '--json', ...args);
  expect(ran.status, ran.out + ran.err).toBe(0);
  return manifestSchema.parse((JSON.parse(ran.out) as { manifest: unknown }).manifest);
}

/** The answers of native onnxruntime, on one thread. */
async function native(file: string, inputs: readonly PackagedTensor[]): Promise<GoldenTensor[]> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  try {
    const feeds = inputs.map(({ name, datatype, shape, values }) => {
      const tensor =
        datatype === 'FP32'
          ? new Tensor('float32', Float32Array.from(values), shape)
          : new Tensor('int64', BigInt64Array.from(values, BigInt), shape);
      return [name, tensor] as const;
    });
    const answers = await session.run(Object.fromEntries(feeds));
    return session.outputNames.map((name) => {
      const { dims, data } = answers[name] as Tensor;
      return { name, datatype: 'FP32', shape: dims, values: [...(data as Float32Array)] };
    });
  } finally {
    await session.release();
  }
}

describe.each(packagedModels)('$name', ({ name, file, args = [], requests }) => {
  it('answers as native onnxruntime does, in the binary form and in JSON', async () => {
    await publish(file, name, ...args);
    for (const inputs of requests) {
      const expected = await native(file, inputs);
      const names = expected.map((output) => output.name);
      for (const { body, headers } of [binaryRequest(inputs, names), jsonRequest(inputs, names)]) {
        const answer = await pop.send('POST', `/v2/models/${name}/infer`, body, headers);
        expect(answer.status, new TextDecoder().decode(answer.bytes.subarray(0, 300))).toBe(200);
        const outputs = readAnswer(answer.bytes, answer.headers.get('inference-header-content-length'));
        for (const [index, wanted] of expected.entries()) {
          const output = outputs[index];
          if (output === undefined) throw new Error(`no output ${wanted.name}`);
          expectClose(output, wanted, false);
        }
      }
    }
  }, 90_000);
});

describe('the orientation net', { timeout: 90_000 }, () => {
  const size = [48, 96] as const;
  const shape = [3, ...size];
  const labels = ['0', '180'];
  const lines = Array.from({ length: 12 }, (_, seed) => drawLine(seed, ...size, seed % 2 === 1));

  async function natively(line: readonly number[]): Promise<string> {
    const [output] = await native(orientationNet, [
      { name: 'x', datatype: 'FP32', shape: [1, ...shape], values: line },
    ]);
    const [up = 0, down = 0] = output?.values.map(Number) ?? [];
    return labels[up >= down ? 0 : 1] ?? '';
  }

  it('is gated on pictures as tensors, switched over under requests, and counted against its baseline', async () => {
    writeFileSync(join(folder, 'labels.txt'), `${labels.join('\n')}\n`);
    const data = join(folder, 'lines');
    mkdirSync(data);
    const rows = ['file,angle'];
    for (const [index, line] of lines.entries()) {
      writeFileSync(join(data, `${index}.npy`), floatsNpy(shape, line));
      rows.push(`${index}.npy,${await natively(line)}`);
    }
    writeFileSync(join(data, 'labels.csv'), `${rows.join('\n')}\n`);
    const gate = ['--test-data', data, '--labels', join(folder, 'labels.txt'), '--require', 'accuracy>=1'];

    // Native onnxruntime's answers are the truth here, so a right gate finds every row right.
    const manifest = await publish(orientationNet, 'orientation', ...gate);
    expect(manifest.evaluation).toMatchObject({
      task: expect.stringMatching(/binary|multiclass/),
      native: { agrees: true },
    });
    expect(manifest.evaluation?.metrics).toMatchObject({ accuracy: 1 });
    expect(manifest.baseline).toBeDefined();

    const inputs = [{ name: 'x', datatype: 'FP32' as const, shape: [1, ...shape], values: lines[0] ?? [] }];
    const { body, headers } = binaryRequest(inputs, []);
    const served: string[] = [];
    let done = false;
    const traffic = (async () => {
      while (!done) {
        const answer = await pop.send('POST', '/v2/models/orientation/infer', body, headers);
        expect(answer.status).toBe(200);
        served.push(answer.headers.get('popserve-version') ?? '');
      }
    })();
    await publish(orientationNet, 'orientation', '--version', '2', ...gate);
    await eventually(() => expect(served.at(-1)).toBe('2'));
    done = true;
    await traffic;
    expect(served[0]).toBe('1');
    expect(served, 'never back again').toEqual([...served].sort());

    await eventually(async () => {
      const { versions } = driftStatusSchema.parse(
        (await pop.operate('GET', '/registry/models/orientation/drift')).json<unknown>(),
      );
      const rowsOf = (version: string) => {
        const places = versions.find((entry) => entry.version === version)?.places ?? [];
        return places.find(({ place }) => place === 'global')?.open?.rows ?? 0;
      };
      expect(rowsOf('1')).toBeGreaterThan(0);
      expect(rowsOf('2')).toBeGreaterThan(0);
    });
  });
});
