// How a process ends: at once, with what it wrote, and without leaving children behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';

const library = pathToFileURL(`${projectRoot}/scripts/build/process-end.ts`).href;

function start(code: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `import * as end from '${library}';${code}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  const ended = once(child, 'close').then(([status, signal]) => ({ status, signal, out }));
  return { child, ended, saysSomething: once(child.stdout, 'data') };
}

const listening = `import { createServer } from 'node:net'; createServer().listen(0); setInterval(() => {}, 1000);`;

describe('a process', () => {
  it('ends with its status and all of its output, whatever still listens', async () => {
    const { ended } = start(`${listening} process.stdout.write('x'.repeat(3_000_000)); await end.endProcess(3);`);
    const { status, out } = await ended;
    expect([status, out.length]).toEqual([3, 3_000_000]);
  });

  it('ends although nobody reads what it wrote', async () => {
    const { child, ended } = start(`${listening} process.stdout.on('error', () => {});
      process.stdout.write('x'.repeat(3_000_000)); await end.endProcess(3);`);
    child.stdout.destroy();
    expect(await ended).toMatchObject({ status: 3 });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'dies of %s after its cleanups, not of those disposed',
    async (signal) => {
      const { child, ended, saysSomething } = start(`${listening} import { writeSync } from 'node:fs';
      end.dieOfSignals();
      process.on('${signal}', () => process.exit(1));
      { using _ = end.onProcessEnd(() => writeSync(1, 'disposed ')); }
      end.onProcessEnd(() => writeSync(1, 'cleaned'));
      console.log('ready');`);
      await saysSomething;
      child.kill(signal);
      expect(await ended).toEqual({ status: null, signal, out: 'ready\ncleaned' });
    },
  );
});
