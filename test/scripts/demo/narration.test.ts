// An audience is never left without a word: after seconds of silence it reads what is being done.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Narration } from '../../../scripts/demo/narration.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

it('tells what is being done, and for how long, until there is something to tell', () => {
  const lines: string[] = [];
  using narration = new Narration((text) => lines.push(text));
  narration.chapter('Training');
  narration.doing('training boosted trees');
  vi.advanceTimersByTime(4000);
  narration.fact('8,000 readings');
  vi.advanceTimersByTime(4900);
  expect(lines).toEqual(['\n   0.0 s  Training', '   4.0 s    8,000 readings']);
  vi.advanceTimersByTime(5100);
  narration.doing('publishing version 1');
  vi.advanceTimersByTime(5000);
  expect(lines.slice(2)).toEqual([
    '   9.0 s    … training boosted trees, for 9 s',
    '  14.0 s    … training boosted trees, for 14 s',
    '  19.0 s    … publishing version 1, for 5 s',
  ]);
});

it('is silent at the end', () => {
  const lines: string[] = [];
  const narration = new Narration((text) => lines.push(text));
  narration.doing('waiting');
  narration[Symbol.dispose]();
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
});
