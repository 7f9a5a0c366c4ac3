// Releases the demo models: the first with the very command that an operator would use, the picture model as that command has left it.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../registry/manifest.ts';
import { onProcessEnd } from '../build/process-end.ts';
import { projectRoot } from '../build/project.ts';
import { demoModel, demoPictureModel } from '../demo/demo-model.ts';

/** @throws Error with the command if it fails */
export async function releaseDemo(url: URL, token: string): Promise<void> {
  const { file, testData, name, version, description, features } = demoModel;
  const command = ['publish', file, '--name', name, '--version', version, '--activate'];
  command.push('--features', features.join(','), '--test-data', testData, '--label', 'failure');
  command.push('--require', 'roc_auc>=0.9', '--description', description, '--reason', 'first start');
  const child = spawn(process.execPath, [join(projectRoot, 'scripts', 'popserve.mjs'), ...command], {
    env: { ...process.env, POPSERVE_URL: url.origin, POPSERVE_TOKEN: token },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  using _ = onProcessEnd(() => child.kill('SIGTERM'));
  const code = await new Promise<number | null>((done) => child.once('exit', done));
  if (code !== 0)
    throw new Error(`releasing the demo model failed: popserve ${command.join(' ')} (exit status ${code})`);
}

/**
 * Registers the picture model, whose release was examined when it was trained.
 * @throws Error with the registry's answer if it refuses
 */
export async function releaseDemoPictures(url: URL, token: string): Promise<void> {
  const { name, version, file, manifest: manifestFile, golden } = demoPictureModel;
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest;
  const send = async (method: 'PUT' | 'POST', path: string, body: string | Uint8Array<ArrayBuffer>) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': typeof body === 'string' ? 'application/json' : 'application/octet-stream',
    };
    const answer = await fetch(new URL(path, url), { method, headers, body });
    if (!answer.ok) throw new Error(`releasing the demo model '${name}' failed: ${path}: ${await answer.text()}`);
  };
  for (const [blob, source] of [
    [manifest.artifacts.model, file],
    [manifest.artifacts.golden, golden],
  ] as const) {
    if (blob !== undefined) await send('PUT', `registry/blobs/${blob.digest}`, new Uint8Array(await readFile(source)));
  }
  await send('PUT', `registry/models/${name}/versions/${version}`, JSON.stringify(manifest));
  const route = { action: 'activate', version, reason: 'first start' };
  await send('POST', `registry/models/${name}/routes`, JSON.stringify(route));
}
