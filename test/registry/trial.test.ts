// The steps of an isolate with a version that nobody has seen to load.
import { describe, expect, test } from 'vitest';
import { type Attempt, judgeTrial } from '../../registry/trial.ts';

const nowMs = 1_000_000;
const attempt = (number: number, ageMs: number, changes: Partial<Attempt> = {}): Attempt => ({
  ...{ number, by: `isolate-${number}`, pop: 'FRA', failure: null },
  startedAt: new Date(nowMs - ageMs),
  ...changes,
});
const judge = (...attempts: Attempt[]) => judgeTrial(attempts, { by: 'me', nowMs, lostMs: 30_000 });

describe('an isolate', () => {
  test('begins a version that was never tried', () => {
    expect(judge()).toEqual({ step: 'begin', number: 1 });
  });

  test('waits while another tries it', () => {
    const running = attempt(1, 29_999);
    expect(judge(running)).toEqual({ step: 'wait', attempt: running });
    expect(judge(attempt(2, 60_000), running)).toEqual({ step: 'wait', attempt: running });
  });

  test('tries again after attempts that never ended, under a number that is free', () => {
    expect(judge(attempt(1, 30_000))).toEqual({ step: 'begin', number: 2 });
    expect(judge(attempt(2, 90_000), attempt(3, 60_000))).toEqual({ step: 'begin', number: 1 });
  });

  test('refuses it after three, and tells the last', () => {
    const last = attempt(2, 30_000);
    expect(judge(attempt(1, 90_000), last, attempt(3, 60_000))).toEqual({ step: 'refuse', last });
  });

  test('counts an attempt that broke the runtime at once', () => {
    const broke = (number: number) => attempt(number, 1, { failure: 'unreachable' });
    expect(judge(broke(1))).toEqual({ step: 'begin', number: 2 });
    expect(judge(broke(1), broke(2), broke(3))).toMatchObject({ step: 'refuse' });
    expect(judge(attempt(1, 1, { by: 'me', failure: 'unreachable' }))).toEqual({ step: 'begin', number: 2 });
  });

  test('goes on with an attempt of its own, which has not stopped it', () => {
    expect(judge(attempt(1, 90_000), attempt(2, 90_000, { by: 'me' }))).toEqual({ step: 'resume', number: 2 });
  });
});
