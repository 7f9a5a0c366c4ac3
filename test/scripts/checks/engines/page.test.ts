// The page that `npm run engines` writes.
import { describe, expect, it } from 'vitest';
import type { AnswerCount } from '../../../../scripts/checks/engines/compare-answers.ts';
import type { Verdict } from '../../../../scripts/checks/engines/judge-net.ts';
import { enginesPage, judge, keptPart, type Results } from '../../../../scripts/checks/engines/page.ts';

const right: AnswerCount = { inputs: 21, within: 21, elements: 210, elementsBeyond: 0, largest: 1e-5, otherLabels: 0 };
const wrong: AnswerCount = { ...right, within: 20, elementsBeyond: 1 };
const summary = (median: number) => ({ median, low: median, high: median, count: 3 });

function verdict(net: string, timesFaster: number, answers = right): Verdict {
  const cost = { coldCpuMs: summary(300), runCpuMs: summary(40), heapBytes: 2 ** 24 };
  const over = { stock: summary(timesFaster), fast: summary(timesFaster), lean: summary(timesFaster) };
  return {
    net,
    operators: { CONV_2D: 3, ADD: 1 },
    bytes: 2 ** 20,
    answers,
    costs: { stock: cost, litert: cost, thin: cost, fast: cost, lean: cost },
    overLiteRt: { ...over, thin: summary(0.9) },
    overThin: over,
    eachProcess: [timesFaster],
  };
}

function results(verdicts: readonly Verdict[], changes: Partial<Results> = {}): Results {
  return {
    machine: {
      processor: 'a processor',
      cores: 2,
      memoryGib: 8,
      system: 'Linux 6',
      load: '0.1',
      versions: { workerd: '1.2.3' },
      date: '2026-11-24',
    },
    litertVersion: '2.5.3',
    verdicts,
    refused: [],
    modules: [{ name: `${'a'.repeat(40)}-litert.wasm`, bytes: 2 ** 23, compressed: 2 ** 21 }],
    startUp: { with: [200, 210], without: [100, 105], serving: [400, 400], servingWith: [480, 480] },
    suite: null,
    quick: false,
    whole: true,
    seconds: 420,
    ...changes,
  };
}

const six = [2, 2, 2, 2, 2, 2].map((times, index) => verdict(`net ${index}`, times));

describe('the gate', () => {
  it('is passed by six right nets of which the median is fast enough', () => {
    expect(judge({ verdicts: six })).toEqual({ right: 6, timesFaster: 2, ofStock: 0.5, passed: true });
  });

  it('does not count a net with an element beyond the tolerance', () => {
    const verdicts = [...six.slice(1), verdict('wrong', 9, wrong)];
    expect(judge({ verdicts })).toMatchObject({ right: 5, timesFaster: 2, passed: false });
  });

  it('is not passed where nothing was measured', () => {
    expect(judge({ verdicts: [] })).toMatchObject({ right: 0, passed: false });
    expect(enginesPage(results([]), '')).toContain('| <= 0.55 | 0 | **missed** |');
  });
});

describe('the page', () => {
  it('names the figures, their goals and whether they are met', () => {
    const page = enginesPage(results(six), '');
    expect(page).toContain('| nets that convert, every answer within tolerance | 6 of 6 | 6 | met |');
    expect(page).toContain('| >= 1.5 | 2 | met |');
    expect(page).toContain('| <= 0.55 | 0.5 | met |');
    expect(page).toContain('the run took 7 minutes');
  });

  it('names refused nets with their reason, and counts them in the goal', () => {
    const page = enginesPage(results(six, { refused: [{ net: 'odd', reason: 'Erf: not covered' }] }), '');
    expect(page).toContain('- odd is refused: Erf: not covered.');
    expect(page).toContain('| 6 of 7 |');
  });

  it('has the operator suite where it was run, and fails its figure for a case with other numbers', () => {
    const page = enginesPage(
      results(six, { suite: [{ name: 'node/a', operators: 'Abs', end: 'different', reason: 'other numbers' }] }),
      '',
    );
    expect(page).toContain('- node/a: different: other numbers');
    expect(page).toContain('| operator suite: cases with other numbers, or that fail | 0 | 1 | **missed** |');
    expect(enginesPage(results(six), '')).toContain('Not run.');
  });

  it('tells a module without the digest before its name', () => {
    expect(enginesPage(results(six), '')).toContain('| litert.wasm | 8 | 2 |');
  });

  it('keeps the part that people wrote, and nothing else of the page before', () => {
    const kept = '\n## What was looked into\n\nBy hand.\n';
    const first = enginesPage(results(six), kept);
    expect(keptPart(first)).toBe(kept);
    expect(keptPart(enginesPage(results(six, { quick: true }), keptPart(first)))).toBe(kept);
    expect(keptPart('# Something else\n')).toBe('');
    expect(first).toContain('but for its last part');
    expect(enginesPage(results(six), '')).not.toContain('but for its last part');
  });

  it('says that a quick run is one, and does not judge by a few nets', () => {
    expect(enginesPage(results(six), '')).toContain('worth building: it is.');
    expect(enginesPage(results(six, { quick: true }), '')).toContain('too few rounds');
    const some = enginesPage(results(six.slice(1), { whole: false }), '');
    expect(some).toContain('Made of some nets only');
    expect(some).not.toContain('worth building');
  });
});
