// That `popserve publish` ends, as a process: with an error while its workerd runs, and by a signal. It leaves no process behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { writeModel } from '../../../scripts/onnx/model-file.ts';
import { close, listen } from '../../harness/http-server.ts';
import { classifier } from '../validation/classifiers.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-ends-'));
const model = join(folder, 'model.onnx');
let server: Server;
let url: string;
beforeAll(async () => {
  writeFileSync(model, writeModel(classifier(0)));
  // A PoP that knows no model.
  server = createServer((_, response) => response.writeHead(404).end('{"error":"nothing here"}'));
  url = await listen(server);
});
afterAll(async () => {
  await close(server);
  rmSync(folder, { recursive: true });
});

/** In a process group of its own, so that what it starts can be told from everything else. */
function publish(...args: readonly string[]): { child: ChildProcess; ended: Promise<unknown[]>; stderr: () => string } {
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  const child = spawn(process.execPath, ['scripts/popserve.mjs', 'publish', model, '--name', 'm', ...args], {
    cwd: projectRoot,
    env: { ...env, POPSERVE_URL: url, POPSERVE_TOKEN: 'token', POPSERVE_ACTOR: 'somebody' },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  return { child, ended: once(child, 'exit'), stderr: () => stderr };
}

/** Commands of the group that still run. */
function runningIn({ pid: group }: ChildProcess): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const [, name = '', state, , pgrp] =
        /^\d+ \((.*)\) (\S) (\d+) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return Number(pgrp) === group && state !== 'Z' ? [name] : [];
    } catch {
      return [];
    }
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(20);
}

describe.skipIf(process.platform !== 'linux')('popserve publish', { timeout: 60_000 }, () => {
  it('ends with an error that comes while its workerd runs', async () => {
    // Which output has seven classes is asked of the model, after it was loaded.
    const labels = join(folder, 'seven.txt');
    writeFileSync(labels, 'a\nb\nc\nd\ne\nf\ng\n');
    const { child, ended, stderr } = publish('--labels', labels);
    await until(() => runningIn(child).includes('workerd'));
    expect(await ended).toEqual([1, null]);
    await until(() => runningIn(child).length === 0);
    expect(stderr()).toMatch(/^popserve: .*seven\.txt/);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('dies of %s with its workerd', async (signal) => {
    const { child, ended } = publish();
    await until(() => runningIn(child).includes('workerd'));
    process.kill(child.pid ?? 0, signal);
    expect(await ended).toEqual([null, signal]);
    await until(() => runningIn(child).length === 0);
  });

  it('dies of a signal with the native onnxruntime that it started', async () => {
    const { child, ended } = publish();
    // The command and its native child are both Node.
    await until(() => runningIn(child).filter((name) => name !== 'workerd').length > 1);
    process.kill(child.pid ?? 0, 'SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
    await until(() => runningIn(child).length === 0);
  });
});
