// Which column holds the truth: the one that is named, else the only one with a usual name that no input takes.
import { invalid } from '../../../registry/errors.ts';
import { sameName } from './column-names.ts';

const usualLabels: ReadonlySet<string> = new Set(['label', 'target', 'class', 'y']);

/** The columns that may be meant as the truth where none is named. */
export function usualLabelsOf(columns: readonly string[]): string[] {
  return columns.filter((column) => usualLabels.has(column.trim().toLowerCase()));
}

/** @throws {PopserveError} INVALID_ARGUMENT where there is no such column */
export function namedLabel(columns: readonly string[], label: string, file: string): string {
  const found = sameName(columns, label);
  if (found !== undefined) return found;
  throw invalid(`${file}: no column '${label}' (--label): the file has ${columns.join(', ')}`);
}

/**
 * @param taken columns that inputs take by their name
 * @throws {PopserveError} INVALID_ARGUMENT where none or several may be meant
 */
export function guessedLabel(columns: readonly string[], taken: ReadonlySet<string>, file: string): string {
  const [only, ...others] = usualLabelsOf(columns).filter((column) => !taken.has(column));
  if (only !== undefined && others.length === 0) return only;
  const several = others.length > 0 ? ` (${[only, ...others].join(' and ')} may both be meant)` : '';
  throw invalid(`${file}: \`--label\` is missing: the file has ${columns.join(', ')}${several}`);
}
