import { expect, test } from 'vitest';
import { Taken } from '../../scripts/taken.ts';

const named = (name: string, log: string[]) => ({ name, [Symbol.dispose]: () => log.push(name) });

test('gives back in the reverse order', async () => {
  const log: string[] = [];
  {
    await using taken = new Taken();
    expect(taken.use(named('folder', log)).name).toBe('folder');
    taken.defer(() => log.push('server'));
    taken.use({ [Symbol.asyncDispose]: async () => void log.push('guard') });
  }
  expect(log).toEqual(['guard', 'server', 'folder']);
});

test('gives back nothing that was moved', async () => {
  const log: string[] = [];
  const taken = new Taken();
  taken.use(named('folder', log));
  const moved = taken.move();
  await taken[Symbol.asyncDispose]();
  expect(log).toEqual([]);
  await moved[Symbol.asyncDispose]();
  await moved[Symbol.asyncDispose]();
  expect(log).toEqual(['folder']);
});

test('gives back the rest where one fails, and tells the failure', async () => {
  const log: string[] = [];
  const taken = new Taken();
  taken.use(named('folder', log));
  taken.defer(() => Promise.reject(new Error('stuck')));
  await expect(taken[Symbol.asyncDispose]()).rejects.toThrow('stuck');
  expect(log).toEqual(['folder']);
});
