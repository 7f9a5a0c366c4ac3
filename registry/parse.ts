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
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new PopserveError(code, `${what}: ${listFaults(result.error).join('; ')}`);
}

/** @returns each issue of a failed parse as `path: what is wrong` */
export function listFaults(error: z.ZodError): string[] {
  return error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`,
  );
}

/** @throws {PopserveError} `code` when the text is not JSON */
export function parseJson(text: string, what: string, code: ErrorCode = 'INVALID_ARGUMENT'): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new PopserveError(code, `${what}: expected JSON, got ${JSON.stringify(text.slice(0, 40))}`, { cause });
  }
}
