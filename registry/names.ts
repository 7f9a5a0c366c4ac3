// Names of models, versions, aliases and digests, as they appear in URLs and storage keys.
import * as z from 'zod';

const modelNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** `/v2/models/stats` is a path of its own, so no model can have this name. */
const reservedName = 'stats';

/** The same rule as {@link modelNameSchema}, but cheaper: every request asks it. */
export function isModelName(name: string): boolean {
  return modelNamePattern.test(name) && name !== reservedName;
}

export const modelNameSchema = z
  .string()
  .regex(modelNamePattern, 'a model name is 1 to 64 of a-z 0-9 . _ - and starts with a letter or digit')
  .refine(
    (name) => name !== reservedName,
    "a model cannot be called 'stats': /v2/models/stats has the statistics of all",
  );

/** `v?` and a digit, then letters, digits, `.`, `_`, `-`; at most 64 characters: `1`, `v2`, `2026-11-23.1`. */
export const versionSchema = z
  .string()
  .regex(
    /^(?=.{1,64}$)v?[0-9][A-Za-z0-9._-]*$/,
    "a version is like '1', 'v2' or '2026-11-23.1', at most 64 characters",
  );

/** Starts with a letter and is never shaped like a version. */
export const aliasSchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/, "an alias is like 'stable': it starts with a letter, at most 64 characters")
  .refine((name) => !versionSchema.safeParse(name).success, 'an alias must not be shaped like a version');

/** `sha256:` and 64 lower-case hex digits. */
export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/, "a digest is 'sha256:' and 64 hex digits");

export type Digest = `sha256:${string}`;
