// The outcome of a command, in both forms at once: lines for people and a value for programs.

import { largest } from '../../registry/extremes.ts';
import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';

export interface Report {
  readonly lines: readonly string[];
  /** Printed as one JSON document with `--json`. */
  readonly value: unknown;
  /** Writes the document itself, where a value could not carry it: JSON.parse loses digits of 64-bit integers. */
  readonly json?: () => string;
  /** The command did its work and what it looked at is not in order: exit status 1. */
  readonly failed?: boolean;
}

/**
 * @param rows the first is the header; a column that is empty in every other row is left out
 * @returns lines with aligned columns
 */
export function table(rows: readonly (readonly string[])[]): string[] {
  const [header = [], ...body] = rows;
  const columns = header.map((_, index) => index).filter((index) => body.some((row) => (row[index] ?? '') !== ''));
  const widths = columns.map((index) => largest(rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    columns
      .map((index, position) => (row[index] ?? '').padEnd(widths[position] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** `1234567` as `1.2 MiB`, less than that in KiB or bytes. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < mebibyte ? `${(bytes / 1024).toFixed(1)} KiB` : mebibytes(bytes);
}

/** The shortest form that tells digests apart in practice. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
