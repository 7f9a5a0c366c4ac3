// A model that never returns, put past the checks of the command by the API: it ends each isolate that tries it, as the platform's CPU
// limit would, and after three of them nothing tries it again. The version before it serves throughout.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import { type Pop, startPop } from '../../../scripts/local-pop/pop.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder, endless } from '../../harness/small-models.ts';

let directory: string;
let pop: TestPop;
let running: Pop | null = null;

async function start(): Promise<void> {
  const settings = { TRIAL_SECONDS: '1', ROUTE_REFRESH_SECONDS: '0' };
  running = await startPop({ directory, port: 0, settings });
  pop = TestPop.of(running);
}

/** Ends the isolate in the middle of what it does: miniflare kills workerd. */
async function end(): Promise<void> {
  await running?.stop();
  running = null;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'popserve-trial-'));
  await start();
});
afterEach(async () => {
  await end();
  await rm(directory, { recursive: true, force: true });
});

/** @returns the version that answered, `hangs` if nothing did, or the error */
async function ask(model: string, patienceMs = 4_000): Promise<string> {
  const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });
  const url = new URL(`/v2/models/${model}/infer`, pop.pop.url);
  try {
    const answer = await fetch(url, {
      ...{ method: 'POST', body, headers: { connection: 'close' } },
      signal: AbortSignal.timeout(patienceMs),
    });
    const { error } = (await answer.json()) as { error?: string };
    return answer.headers.get('popserve-version') ?? error ?? '';
  } catch {
    return 'hangs';
  }
}

/** Asks until the isolate hangs. @returns the answers before that; null if it did not hang in so many requests */
async function askUntilItHangs(model: string, most: number): Promise<string[] | null> {
  const answers: string[] = [];
  while (answers.length < most) {
    const answer = await ask(model);
    if (answer === 'hangs') return answers;
    answers.push(answer);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return null;
}

async function properties(model: string): Promise<Record<string, string>> {
  const answer = await pop.send('GET', `/v2/models/${model}`);
  return answer.json<{ properties?: Record<string, string> }>().properties ?? {};
}

const samples: [what: string, changes: Partial<Manifest>][] = [
  ['with a sample input', {}],
  ['without one, so that its first request is its trial', { warmup: null }],
];

describe.each(samples)('a version that never returns, %s', (_, changes) => {
  test('ends three isolates and no more; the version before it answers each first request', {
    timeout: 240_000,
  }, async () => {
    await pop.release(adder('pump', '1', 10));
    expect(await ask('pump')).toBe('1');
    await pop.release(adder('neighbour', '1', 10));
    expect(await ask('neighbour')).toBe('1');
    await pop.release(endless('pump', '2', changes)).catch(() => undefined);
    let ended = 0;
    for (;;) {
      const answers = await askUntilItHangs('pump', 60);
      if (answers === null) break;
      ended++;
      expect(ended).toBeLessThanOrEqual(3);
      await end();
      await start();
      expect(await ask('pump')).toBe('1');
      expect(await ask('neighbour')).toBe('1');
    }
    expect(ended).toBe(3);
    expect(await ask('pump')).toBe('1');
    expect(await properties('pump')).toMatchObject({
      held_epoch: '2',
      held_reason: expect.stringContaining('popserve retry pump 2'),
    });
  });
});

test('a first version that never returns ends three isolates, then it is UNAVAILABLE with the reason', {
  timeout: 240_000,
}, async () => {
  await pop.release(endless('pump', '1')).catch(() => undefined);
  for (let ended = 1; ended <= 3; ended++) {
    expect(await askUntilItHangs('pump', 60)).not.toBeNull();
    await end();
    await start();
  }
  expect(await ask('pump', 20_000)).toContain('it failed 3 trials');
  const retried = await pop.operate('POST', '/registry/models/pump/versions/1/retry');
  expect(retried.json()).toEqual({ model: 'pump', version: '1' });
  expect(await askUntilItHangs('pump', 60)).not.toBeNull();
});
