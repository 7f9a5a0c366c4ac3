// The outcome of a command, in both forms at once: lines for people and a value for programs.
import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';

export interface Report {
  readonly lines: readonly Line[];
  /** Printed as one JSON document with `--json`. */
  readonly value: unknown;
  /** Writes the document itself, where a value could not carry it: JSON.parse loses digits of 64-bit integers. */
  readonly json?: () => string;
  /** The command did its work and what it looked at is not in order: exit status 1. */
  readonly failed?: boolean;
}

/** Laid out when it is printed: how wide it may be is known there. */
export interface Table {
  /** The first is the header; a column that is empty in every other row is left out. */
  readonly rows: readonly (readonly string[])[];
}

/** Goes on in the next lines where the terminal is narrower. */
export interface Sentence {
  readonly sentence: string;
  /** Places in front of the lines that it goes on in. */
  readonly indent: number;
}

/** A string is printed as it stands: a command that is to be pasted must not be broken. */
export type Line = string | Sentence | Table;

export function sentence(text: string, indent = 2): Sentence {
  return { sentence: text, indent };
}

/** @param rows the first is the header */
export function table(rows: Table['rows']): Line[] {
  return [{ rows }];
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
