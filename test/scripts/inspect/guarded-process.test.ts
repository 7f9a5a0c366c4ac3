import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type GuardLimits, runGuarded } from '../../../scripts/inspect/guarded-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const limits: GuardLimits = { timeoutMs: 20_000, memoryMib: 1024 };

async function run(script: string, others: Partial<GuardLimits> = {}) {
  const module = join(folder, 'script.mjs');
  writeFileSync(module, script);
  const messages: unknown[] = [];
  const command = { module, args: ['one', 'two'], nodeFlags: [] };
  const end = await runGuarded(command, { ...limits, ...others }, (message) => {
    messages.push(message);
  });
  return { end, messages };
}

describe('a guarded process', () => {
  it('hands on its messages in order and ends well', async () => {
    const script = 'for (const arg of process.argv.slice(2)) process.send({ arg }); process.disconnect();';
    expect(await run(script)).toEqual({ end: null, messages: [{ arg: 'one' }, { arg: 'two' }] });
  });

  it('is stopped when it neither says anything nor ends, and what it said before stays', async () => {
    const { end, messages } = await run("process.send('first', () => { for (;;); });", { timeoutMs: 700 });
    expect(end).toBe('was stopped after 0.7 s');
    expect(messages).toEqual(['first']);
  });

  it('is stopped when it takes more memory than it may', async () => {
    const script = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(20e6, 1)), 5);';
    const { end } = await run(script, { memoryMib: 300 });
    expect(end).toMatch(/^was stopped at \d+ MiB of memory, limit 300 MiB$/);
  });

  it('gets an answer where it waits for one', async () => {
    const script =
      "process.once('message', (answer) => { process.send({ answer }); process.disconnect(); }); process.send('wants');";
    const module = join(folder, 'waits.mjs');
    writeFileSync(module, script);
    const messages: unknown[] = [];
    const end = await runGuarded({ module, args: [], nodeFlags: [] }, limits, async (message) => {
      messages.push(message);
      return message === 'wants';
    });
    expect({ end, messages }).toEqual({ end: null, messages: ['wants', { answer: true }] });
  });

  it('is stopped when its messages cannot be attended to, with what went wrong', async () => {
    const module = join(folder, 'endless.mjs');
    writeFileSync(module, "setInterval(() => process.send('again'), 5);");
    const attended: unknown[] = [];
    const running = runGuarded({ module, args: [], nodeFlags: [] }, limits, async (message) => {
      attended.push(message);
      throw new Error('the file is gone');
    });
    await expect(running).rejects.toThrow('the file is gone');
    expect(attended).toEqual(['again']);
  });

  it('may abort, and its signal is told', async () => {
    expect((await run('process.abort();')).end).toMatch(/^ended with SIGABRT/);
  });

  it('may fail, and its last words are told', async () => {
    const { end } = await run("console.error('terminate called'); process.exit(3);");
    expect(end).toBe('ended with exit status 3 (terminate called)');
  });
});
