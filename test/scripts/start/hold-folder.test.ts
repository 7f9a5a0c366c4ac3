// One PoP for one data folder, told by whoever has it, and free again whichever way its process ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { holdFolder } from '../../../scripts/start/hold-folder.ts';

const parent = mkdtempSync(join(tmpdir(), 'popserve-hold-'));
afterAll(() => rmSync(parent, { recursive: true }));

it('refuses a folder that is held, and says where the PoP listens', async () => {
  const folder = join(parent, 'data');
  const hold = await holdFolder(folder);
  await expect(holdFolder(folder)).rejects.toThrow(
    `a local PoP already runs on the data in ${folder} and is starting (process ${process.pid}); use that one, stop it, or keep other data with --data DIR`,
  );
  hold.listensAt(new URL('http://127.0.0.1:9000/'));
  await expect(holdFolder(folder)).rejects.toThrow('and listens on http://127.0.0.1:9000 (process');
  await hold[Symbol.asyncDispose]();
  await (await holdFolder(folder))[Symbol.asyncDispose]();
});

it('knows a folder by another path', async () => {
  const folder = join(parent, 'real');
  const hold = await holdFolder(folder);
  symlinkSync(folder, join(parent, 'link'));
  await expect(holdFolder(join(parent, 'link'))).rejects.toMatchObject({ code: 'CONFLICT' });
  await hold[Symbol.asyncDispose]();
});

it('takes a folder whose holder was killed', async () => {
  const folder = join(parent, 'killed');
  const module = join(projectRoot, 'scripts', 'start', 'hold-folder.ts');
  const program = `
    const { holdFolder } = await import(${JSON.stringify(module)});
    await holdFolder(${JSON.stringify(folder)});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await expect(holdFolder(folder)).rejects.toThrow(`(process ${child.pid})`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await holdFolder(folder))[Symbol.asyncDispose]();
});
