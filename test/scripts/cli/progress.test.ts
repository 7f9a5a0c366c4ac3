import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../scripts/cli/host.ts';
import { TerminalProgress } from '../../../scripts/cli/progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function progressOf(changes: Partial<Host>): { progress: TerminalProgress; told: () => string } {
  let told = '';
  const host = { terminalColumns: null, now: () => new Date(), err: (text: string) => (told += text), ...changes };
  return { progress: new TerminalProgress(host as Host), told: () => told };
}

test('a log gets the steps that take long, each once', () => {
  const { progress, told } = progressOf({ slowStepMs: 5000 });
  progress.step('converting the model');
  vi.advanceTimersByTime(4000);
  progress.step('measuring\u0007 memory');
  vi.advanceTimersByTime(60_000);
  progress.step('uploading');
  progress.end();
  vi.advanceTimersByTime(60_000);
  expect(told()).toBe('measuring\ufffd memory …\n');
});

test('without that, a log gets nothing', () => {
  const { progress, told } = progressOf({});
  progress.step('converting the model');
  vi.advanceTimersByTime(60_000);
  expect(told()).toBe('');
});

test('a terminal gets one line that is written over, with the seconds', () => {
  const { progress, told } = progressOf({ terminalColumns: 80, slowStepMs: 5000 });
  progress.step('converting the model');
  vi.advanceTimersByTime(2000);
  progress.end();
  const line = (text: string) => `\r\x1b[2K${text}`;
  expect(told()).toBe(
    ['converting the model …', 'converting the model … 1 s', 'converting the model … 2 s', ''].map(line).join(''),
  );
});
