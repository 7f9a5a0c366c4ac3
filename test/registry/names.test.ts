import { describe, expect, test } from 'vitest';
import { aliasSchema, digestSchema, isModelName, modelNameSchema, versionSchema } from '../../registry/names.ts';

const long = (length: number, first = '') => first.padEnd(length, 'a');
const message = (result: { error?: { issues: { message: string }[] } | undefined }) => result.error?.issues[0]?.message;

describe('a model name', () => {
  test.each(['a', '0', 'pump', 'pump.v2_a-b', 'statistics', 'sha256', long(64)])('%j is one', (name) => {
    expect([isModelName(name), modelNameSchema.safeParse(name).success]).toEqual([true, true]);
  });

  test.each(['', 'Pump', '.a', '_a', '-a', 'a b', 'a/b', 'ä', 'aA', 'a\n', long(65), 'stats'])('%j is none', (name) => {
    expect([isModelName(name), modelNameSchema.safeParse(name).success]).toEqual([false, false]);
  });

  test('that is refused says what a name is', () => {
    expect(message(modelNameSchema.safeParse('A'))).toBe(
      'a model name is 1 to 64 of a-z 0-9 . _ - and starts with a letter or digit',
    );
    expect(message(modelNameSchema.safeParse('stats'))).toBe(
      "a model cannot be called 'stats': /v2/models/stats has the statistics of all",
    );
  });
});

describe('a version', () => {
  test.each(['1', 'v2', '2026-11-23.1', '0a_B', `1${long(63)}`, `v1${long(62)}`])('%j is one', (version) => {
    expect(versionSchema.safeParse(version).success).toBe(true);
    expect(message(aliasSchema.safeParse(version))).toBeDefined();
  });

  test.each(['', 'v', 'va', 'a1', '.1', '-1', 'V1', '1 ', '1/2', 'vv1', `1${long(64)}`, `v1${long(63)}`])(
    '%j is none',
    (version) => {
      expect(message(versionSchema.safeParse(version))).toBe(
        "a version is like '1', 'v2' or '2026-11-23.1', at most 64 characters",
      );
    },
  );
});

describe('an alias', () => {
  test.each(['stable', 'A', 'v', 'vNext', 'lab.1_a-B', long(64)])('%j is one', (alias) => {
    expect(aliasSchema.safeParse(alias).success).toBe(true);
  });

  test.each(['', '1a', '.a', '-a', '_a', 'a b', 'a/b', 'ä', long(65)])('%j is none', (alias) => {
    expect(message(aliasSchema.safeParse(alias))).toBe(
      "an alias is like 'stable': it starts with a letter, at most 64 characters",
    );
  });

  test('is never shaped like a version', () => {
    expect(message(aliasSchema.safeParse('v2'))).toBe('an alias must not be shaped like a version');
  });
});

describe('a digest', () => {
  const hex = '0123456789abcdef'.repeat(4);

  test('is sha256 and 64 lower-case hex digits', () => {
    expect(digestSchema.safeParse(`sha256:${hex}`).success).toBe(true);
  });

  test.each([
    hex,
    `sha256:${hex.slice(1)}`,
    `sha256:${hex}0`,
    `sha256:${hex.toUpperCase()}`,
    `sha512:${hex}`,
    ` sha256:${hex}`,
  ])('%j is none', (text) => {
    expect(message(digestSchema.safeParse(text))).toBe("a digest is 'sha256:' and 64 hex digits");
  });
});
