// Lists of names in short, for a cell of a table.
import { cut } from '../describe.ts';

const mostShown = 8;

/** Names as they are, numbers too. */
export function listNames(names: readonly (string | number)[]): string {
  return list(names.map((name) => cut(String(name))));
}

/** Texts in quotes, so that '1' and 1 are told apart. */
export function listLabels(labels: readonly (string | number)[]): string {
  return list(labels.map((label) => (typeof label === 'string' ? `'${cut(label)}'` : String(label))));
}

function list(texts: readonly string[]): string {
  const shown = texts.slice(0, mostShown).join(', ');
  return texts.length > mostShown ? `${shown}, … ${texts.length} in all` : shown;
}
