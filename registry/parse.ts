// Values from outside become typed values here, or an error that names every fault at once.
import type * as z from 'zod';
import type { ErrorCode } from './error-codes.ts';
import { PopserveError } from './errors.ts';

/**
 * @param what names the value as the caller knows it: "the manifest"
 * @throws {PopserveError} `code` when the value does not fit the schema; the message names each field at fault
 */
export function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
  code: ErrorCode = 'INVALID_ARGUMENT',
): z.output<S> {
  const result = check(schema, value);
  if ('data' in result) return result.data;
  throw new PopserveError(code, `${what}: ${tellFaults(result.faults)}`);
}

/**
 * Checks a value against a schema.
 * @returns the typed value, or each fault as `path: what is wrong`
 */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { readonly data: z.output<S> } | { readonly faults: string[] } {
  try {
    const result = schema.safeParse(value);
    return result.success ? { data: result.data } : { faults: listFaults(result.error) };
  } catch (error) {
    // zod hands the faults of a member on as the arguments of one call: more than some 100,000 of them overflow the stack.
    if (!(error instanceof RangeError)) throw error;
    return { faults: ['it has too many faults to name'] };
  }
}

/** A message names at most this many faults, and of each at most so many characters: both are the caller's to choose. */
const mostFaults = 16;
const mostCharacters = 500;

/** @returns the faults in one sentence; those beyond the first ones are counted */
export function tellFaults(faults: readonly string[]): string {
  const told = faults.slice(0, mostFaults).map((fault) => cut(fault));
  const left = faults.length - told.length;
  return [...told, ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
}

function listFaults({ issues }: z.ZodError): string[] {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${cut(path.join('.'))}: ${message}`));
}

function cut(text: string): string {
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}

/** @throws {PopserveError} `code` when the text is not JSON */
export function parseJson(text: string, what: string, code: ErrorCode = 'INVALID_ARGUMENT'): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new PopserveError(code, `${what}: expected JSON, got ${JSON.stringify(text.slice(0, 40))}`, { cause });
  }
}
