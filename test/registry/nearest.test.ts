import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest } from '../../registry/nearest.ts';

describe('nearest', () => {
  it.each([
    ['gaug', ['machine-failure', 'gauge'], 'gauge, machine-failure'],
    ['guage', ['gang', 'gauge'], 'gauge, gang'],
    ['v3', ['v1', 'v10', 'v2', 'v9'], 'v9, v2, v1, v10'],
    ['1', [], ''],
  ])('orders by likeness to %s', (asked, names, told) => {
    expect(nearest(asked, names)).toBe(told);
  });

  it('tells eight and counts the rest', () => {
    const names = Array.from({ length: 200 }, (_, at) => `v${at}`);
    expect(nearest('v', names)).toBe('v9, v8, v7, v6, v5, v4, v3, v2, and 192 more');
  });

  it('begins with the name itself if it is there', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(fc.string({ minLength: 1 })), (asked, others) => {
        const names = [...others.filter((name) => name !== asked), asked];
        expect(nearest(asked, names).startsWith(asked)).toBe(true);
      }),
    );
  });
});
