// Looks at the route log that begin, hang and end when the tests say so, under a clock that they move.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RouteCopy } from '../../../registry/route.ts';
import { nextRoute } from '../../../registry/transition.ts';
import { RouteLooks } from '../../../worker/routing/route-looks.ts';

interface Read {
  readonly model: string;
  find(epoch: number | null): void;
  fail(): void;
}

let reads: Read[];
let behind: Promise<unknown>[];
let looks: RouteLooks;
const scope = { waitUntil: (promise: Promise<unknown>) => void behind.push(promise) };
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  [reads, behind] = [[], []];
  looks = new RouteLooks((model) => {
    const found = Promise.withResolvers<RouteCopy | null>();
    reads.push({
      model,
      find: (epoch) => found.resolve(epoch === null ? null : copyOf(epoch)),
      fail: () => found.reject(new Error('R2 is away')),
    });
    return found.promise;
  });
});
afterEach(() => vi.useRealTimers());

function copyOf(epoch: number): RouteCopy {
  const route = nextRoute(null, { action: 'activate', version: '1' }, { model: 'pump', actor: 'ann', at: new Date(0) });
  return { route: { ...route, epoch }, manifests: {} };
}

const ask = (minEpoch: number) => looks.newest('pump', minEpoch, scope).then((copy) => copy?.route.epoch ?? null);

test('requests that come during a look share it if it finds what they ask for', async () => {
  const first = ask(3);
  const others = [ask(2), ask(3)];
  reads[0]?.find(3);
  expect(await Promise.all([first, ...others])).toEqual([3, 3, 3]);
  expect(reads).toHaveLength(1);
});

test('a request whose epoch an earlier look did not find has one of its own, which others share', async () => {
  const first = ask(2);
  const others = [ask(3), ask(3)];
  reads[0]?.find(2);
  await pass(500);
  expect(reads).toHaveLength(2);
  reads[1]?.find(3);
  expect(await Promise.all([first, ...others])).toEqual([2, 3, 3]);
});

test('a request that comes after a look began waits for the next, half a second after it, and shares that', async () => {
  const first = ask(9);
  await pass(100);
  reads[0]?.find(1);
  expect(await first).toBe(1);
  const later = [ask(9), ask(2)];
  await pass(399);
  expect(reads).toHaveLength(1);
  await pass(1);
  expect(reads).toHaveLength(2);
  reads[1]?.find(2);
  expect(await Promise.all(later)).toEqual([2, 2]);
  expect(reads).toHaveLength(2);
});

test('a request for a released epoch is not answered by what a look found before its release, whoever asked for what', async () => {
  const absurd = ask(1_000_000);
  reads[0]?.find(10);
  expect(await absurd).toBe(10);
  // Epoch 11 is released here.
  const asked = ask(11);
  await pass(500);
  reads[1]?.find(11);
  expect(await asked).toBe(11);
});

test('models wait for themselves alone', async () => {
  const first = ask(9);
  reads[0]?.find(null);
  expect(await first).toBeNull();
  void looks.newest('fan', 9, scope);
  expect(reads.map(({ model }) => model)).toEqual(['pump', 'fan']);
});

test('a look that fails fails those who wait for it, is not remembered, and is no unhandled rejection', async () => {
  const failing = [ask(1), ask(1)].map((asked) => asked.catch(String));
  reads[0]?.fail();
  expect(await Promise.all(failing)).toEqual(['Error: R2 is away', 'Error: R2 is away']);
  await Promise.all(behind);
  void ask(1);
  await pass(500);
  expect(reads).toHaveLength(2);
});

test('a look outlives the request that began it', async () => {
  void ask(1);
  expect(behind).toHaveLength(1);
  reads[0]?.find(1);
  await Promise.all(behind);
  expect(reads).toHaveLength(1);
});

test('a look that hangs is given up five seconds after it began, whenever one came to wait', async () => {
  const first = ask(1);
  await pass(3_000);
  let waited: number | null | undefined;
  void ask(1).then((epoch) => {
    waited = epoch;
  });
  await pass(1_999);
  expect([reads.length, waited]).toEqual([1, undefined]);
  await pass(1);
  // The first request has waited long enough; the second looks itself.
  expect([await first, reads.length]).toEqual([null, 2]);
  reads[1]?.find(1);
  await pass(0);
  expect(waited).toBe(1);
});

test('a request that has its answer leaves no timer behind', async () => {
  const asked = ask(1);
  reads[0]?.find(1);
  await asked;
  expect(vi.getTimerCount()).toBe(0);
});

test('after a route was written the next look begins at once', async () => {
  const first = ask(1);
  reads[0]?.find(1);
  await first;
  looks.forget('pump');
  void ask(2);
  expect(reads).toHaveLength(2);
});
