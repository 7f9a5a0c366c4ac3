// Publishes the trained gauge model as an operator would, through the gate, and gives what the registry then has: `npm start` registers
// that, and need not examine the model anew.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../../../registry/manifest.ts';
import { projectRoot } from '../../build/project.ts';
import { startPop } from '../../local-pop/pop.ts';
import { paintPng } from '../../publish/pipeline/generated-pictures.ts';
import type { DrawnGauge } from './draw-gauge.ts';
import { readings } from './draw-gauge.ts';
import { gaugeImageOptions } from './training.ts';

export interface GaugeRelease {
  readonly manifest: Manifest;
  readonly golden: Uint8Array;
}

/** @param pictures the gate's test data */
export async function releaseGaugeModel(
  { name, version, description }: { readonly name: string; readonly version: string; readonly description: string },
  onnx: Uint8Array,
  pictures: readonly DrawnGauge[],
): Promise<GaugeRelease> {
  const folder = await mkdtemp(join(tmpdir(), 'popserve-gauge-'));
  const pop = await startPop({ directory: null, port: 0 });
  try {
    const [file, labels, data] = [`${name}.onnx`, 'readings.txt', 'gauges'].map((each) => join(folder, each));
    if (file === undefined || labels === undefined || data === undefined) throw new Error('no files');
    await writeFile(file, onnx);
    await writeFile(labels, `${readings.join('\n')}\n`);
    await writePictures(data, pictures);
    await popserve(pop, [
      ...['publish', file, '--name', name, '--version', version, '--task', 'image-classification', '--labels', labels],
      ...[...gaugeImageOptions, '--test-data', data, '--require', 'accuracy>=0.95', '--description', description],
      // Served as it is: the file in the repository is the artifact, and as many pictures as a request may hold.
      ...['--format', 'onnx', '--max-dim', '64', '--probe-limit', '0'],
    ]);
    const read = async (path: string) => {
      const answer = await fetch(new URL(path, pop.url), { headers: { authorization: `Bearer ${pop.token}` } });
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
      return answer;
    };
    const manifest = (await (await read(`registry/models/${name}/versions/${version}`)).json()) as Manifest;
    const { golden } = manifest.artifacts;
    if (golden === undefined) throw new Error('the version has no golden vectors');
    return { manifest, golden: new Uint8Array(await (await read(`registry/blobs/${golden.digest}`)).arrayBuffer()) };
  } finally {
    await pop.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writePictures(folder: string, pictures: readonly DrawnGauge[]): Promise<void> {
  for (const reading of readings) await mkdir(join(folder, reading), { recursive: true });
  for (const [index, { picture, reading }] of pictures.entries()) {
    await writeFile(join(folder, reading, `${String(index).padStart(4, '0')}.png`), pngOf(picture));
  }
}

export function pngOf({ width, height, rgba }: DrawnGauge['picture']): Uint8Array<ArrayBuffer> {
  return paintPng({ width, height }, (x, y) => {
    const at = (y * width + x) * 4;
    return [rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0];
  });
}

async function popserve({ url, token }: { url: URL; token: string }, words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(projectRoot, 'scripts', 'popserve.mjs'), ...words], {
    env: { ...process.env, POPSERVE_URL: url.origin, POPSERVE_TOKEN: token },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`popserve ${words.join(' ')} ended with ${code}`);
}
