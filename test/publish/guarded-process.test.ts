import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type GuardLimits, runGuarded } from '../../scripts/publish/guarded-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(script: string, limits: Partial<GuardLimits> = {}) {
  const module = join(folder, 'script.mjs');
  writeFileSync(module, script);
  const messages: unknown[] = [];
  const command = { module, args: ['one', 'two'], nodeFlags: [] };
  const end = await runGuarded(command, { timeoutMs: 20_000, memoryMib: 1024, ...limits }, (message) => {
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

  it('may abort, and its signal is told', async () => {
    expect((await run('process.abort();')).end).toMatch(/^ended with SIGABRT/);
  });

  it('may fail, and its last words are told', async () => {
    const { end } = await run("console.error('terminate called'); process.exit(3);");
    expect(end).toBe('ended with exit status 3 (terminate called)');
  });
});
