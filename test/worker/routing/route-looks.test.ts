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
  await pass(0);
  expect(reads).toHaveLength(2);
  reads[1]?.find(3);
  expect(await Promise.all([first, ...others])).toEqual([2, 3, 3]);
});

test('what a look found is remembered for a second from its beginning, for each model by itself', async () => {
  const first = ask(9);
  await pass(400);
  reads[0]?.find(1);
  expect(await first).toBe(1);
  await pass(599);
  expect(await ask(9)).toBe(1);
  expect(reads).toHaveLength(1);
  void looks.newest('fan', 9, scope);
  expect(reads.map(({ model }) => model)).toEqual(['pump', 'fan']);
  await pass(1);
  void ask(9);
  expect(reads).toHaveLength(3);
});

test('that there is no route is remembered as well', async () => {
  const first = ask(1);
  reads[0]?.find(null);
  expect([await first, await ask(1), reads.length]).toEqual([null, null, 1]);
});

test('a look that fails fails those who wait for it, is not remembered, and is no unhandled rejection', async () => {
  const failing = [ask(1), ask(1)].map((asked) => asked.catch(String));
  reads[0]?.fail();
  expect(await Promise.all(failing)).toEqual(['Error: R2 is away', 'Error: R2 is away']);
  await Promise.all(behind);
  void ask(1);
  expect(reads).toHaveLength(2);
});

test('a look outlives the request that began it', async () => {
  void ask(1);
  expect(behind).toHaveLength(1);
  reads[0]?.find(1);
  await Promise.all(behind);
  expect(await ask(1)).toBe(1);
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

test('what a look found after it was given up is not remembered', async () => {
  const first = ask(1);
  await pass(5_000);
  expect(await first).toBeNull();
  reads[0]?.find(1);
  await pass(0);
  void ask(1);
  expect(reads).toHaveLength(2);
});

test('a request that has its answer leaves no timer behind', async () => {
  const asked = ask(1);
  reads[0]?.find(1);
  await asked;
  expect(vi.getTimerCount()).toBe(0);
});

test('after a route was written nothing of an earlier look counts', async () => {
  const first = ask(1);
  reads[0]?.find(1);
  await first;
  looks.forget('pump');
  void ask(2);
  expect(reads).toHaveLength(2);
  looks.forget('pump');
  void ask(2);
  expect(reads).toHaveLength(3);
  reads[1]?.find(1);
  await pass(0);
  void ask(2);
  expect(reads).toHaveLength(3);
});
