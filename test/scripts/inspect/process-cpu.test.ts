import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { busiestMs, findProcess, threadTimes } from '../../../scripts/inspect/process-cpu.ts';

describe('the time of the busiest thread', () => {
  it('is the largest difference, of threads that came meanwhile too', () => {
    const before = new Map([
      ['1', 5e6],
      ['2', 90e6],
    ]);
    expect(busiestMs(before, new Map([...before, ['1', 25e6]]))).toBe(20);
    expect(busiestMs(before, new Map([...before, ['3', 30e6]]))).toBe(30);
  });

  it('is not known where nothing can be read', async () => {
    expect(busiestMs(new Map(), new Map())).toBeNull();
    expect(await threadTimes(2 ** 30)).toEqual(new Map());
  });
});

describe.runIf(process.platform === 'linux')('a process under Linux', () => {
  it('is found by its environment, and its work shows', async () => {
    const mark = `INSPECTION_TEST=${randomUUID()}`;
    const [name = '', value = ''] = mark.split('=');
    const script =
      "process.stdin.once('data', () => { const end = process.cpuUsage().user + 2e5; while (process.cpuUsage().user < end); process.stdout.write('.'); }); process.stdout.write('.')";
    const child = spawn(process.execPath, ['-e', script], { env: { ...process.env, [name]: value } });
    try {
      await once(child.stdout, 'data');
      const pid = await findProcess(mark);
      expect(pid).toBe(child.pid);
      const before = await threadTimes(pid ?? 0);
      child.stdin.write('go');
      await once(child.stdout, 'data');
      expect(busiestMs(before, await threadTimes(pid ?? 0))).toBeGreaterThan(150);
    } finally {
      child.kill();
    }
  });

  it('is not found by what no process has', async () => {
    expect(await findProcess(`INSPECTION_TEST=${randomUUID()}`)).toBeNull();
  });
});
