// Names of columns, as people and programs spell them: which column a name means, and when that cannot be told.
import { PopserveError } from '../../../registry/errors.ts';

/**
 * The column itself; else the only one that is the same after Unicode normalisation; else the only one that differs in nothing but
 * case, spaces, hyphens, underscores and a unit in brackets.
 * @returns undefined where there is none, or several are alike
 */
export function sameName(columns: readonly string[], name: string): string | undefined {
  if (columns.includes(name)) return name;
  const normal = columns.filter((column) => column.normalize('NFC') === name.normalize('NFC'));
  const alike = normal.length > 0 ? normal : columns.filter((column) => plainName(column) === plainName(name));
  return alike.length === 1 ? alike[0] : undefined;
}

function plainName(name: string): string {
  return name
    .normalize('NFC')
    .replace(/\s*(\[[^\]]*[^\]\d][^\]]*\]|\([^)]*\))\s*$/, '')
    .replace(/[\s_-]+/g, '')
    .toLowerCase();
}

/** @throws {PopserveError} INVALID_ARGUMENT for a name that is there twice, also in two Unicode forms: `é` as one character or as two */
export function requireDistinct(columns: readonly string[], file: string, what = 'column'): void {
  const seen = new Map<string, string>();
  for (const column of columns) {
    const earlier = seen.get(column.normalize('NFC'));
    if (earlier !== undefined) {
      const forms = earlier === column ? '' : ', in two Unicode forms (NFC and NFD)';
      throw new PopserveError('INVALID_ARGUMENT', `${file}: ${what} '${column}' is there twice${forms}`);
    }
    seen.set(column.normalize('NFC'), column);
  }
}
