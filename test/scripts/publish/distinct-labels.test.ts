import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinctLabels } from '../../../scripts/publish/distinct-labels.ts';

describe('labels that classes share', () => {
  it('are told apart by the numbers of the classes, which is said', () => {
    expect(distinctLabels('y', ['cat', 'crane', 'dog', 'crane'])).toEqual({
      labels: ['cat', 'crane (1)', 'dog', 'crane (3)'],
      note: "2 classes of output 'y' share names with others and are told apart by their numbers: crane (1), crane (3)",
    });
    expect(distinctLabels('y', ['', 'a', '']).labels).toEqual(['(0)', 'a', '(2)']);
    expect(distinctLabels('y', [1, 2, 1]).labels).toEqual(['1 (0)', 2, '1 (2)']);
  });

  it('are the same in both Unicode forms', () => {
    expect(distinctLabels('y', ['\u00e9', 'e\u0301']).labels).toEqual(['\u00e9 (0)', 'e\u0301 (1)']);
  });

  it('stay as they are where they differ', () => {
    expect(distinctLabels('y', ['cat', 'Cat', 7])).toEqual({ labels: ['cat', 'Cat', 7], note: null });
  });

  it('are refused where a number does not tell them apart', () => {
    expect(() => distinctLabels('y', ['a', 'a', 'a (0)'])).toThrow("'a (0)' is there twice");
  });

  it('all differ afterwards', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 1, 2)), (given) => {
        const { labels } = distinctLabels('y', given);
        expect(new Set(labels.map(String)).size).toBe(given.length);
      }),
    );
  });
});
