import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { versionSchema } from '../../../registry/names.ts';
import { highestVersion, nextVersion } from '../../../scripts/cli/version-number.ts';

const today = new Date('2026-11-24T23:59:00Z');

describe('nextVersion', () => {
  it.each([
    { existing: [], next: '1' },
    { existing: ['v1'], next: 'v2' },
    { existing: ['1'], next: '2' },
    { existing: ['v9', 'v10', 'v2'], next: 'v11' },
    { existing: ['v9', '10'], next: '11' },
    { existing: ['009'], next: '010' },
    { existing: ['v99'], next: 'v100' },
    { existing: ['1', 'v1-rc'], next: '2026-11-24.1' },
    { existing: ['1.4.2'], next: '2026-11-24.1' },
    { existing: ['2026-11-24.1', '2026-11-24.2'], next: '2026-11-24.3' },
    { existing: ['v1', '2026-11-23.1'], next: '2026-11-24.1' },
    { existing: [`v${'9'.repeat(63)}`], next: '2026-11-24.1' },
  ])('after $existing comes $next', ({ existing, next }) => {
    expect(nextVersion(existing, today)).toBe(next);
  });

  it('is always a version that does not exist yet', () => {
    const version = fc.oneof(
      fc.nat(1000).map(String),
      fc.nat(1000).map((number) => `v${number}`),
      fc.nat(5).map((number) => `2026-11-24.${number}`),
      fc.stringMatching(/^v?[0-9][A-Za-z0-9._-]{0,20}$/),
    );
    fc.assert(
      fc.property(fc.array(version), (existing) => {
        const next = nextVersion(existing, today);
        expect(versionSchema.safeParse(next).success).toBe(true);
        expect(existing).not.toContain(next);
      }),
    );
  });

  it('counts on, release after release', () => {
    const versions: string[] = [];
    for (let release = 0; release < 12; release++) versions.push(nextVersion(versions, today));
    expect(versions.at(-1)).toBe('12');
    expect(highestVersion(versions.reverse())).toBe('12');
  });
});
