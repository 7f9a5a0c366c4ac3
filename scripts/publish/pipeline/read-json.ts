// The JSON files of a folder of the Hub.
import { readFile } from 'node:fs/promises';
import type * as z from 'zod';
import { PopserveError } from '../../../registry/errors.ts';
import { parse } from '../../../registry/parse.ts';
import { unreadable } from '../../unreadable.ts';

/**
 * @returns null if there is no such file
 * @throws {PopserveError} INVALID_ARGUMENT naming the file that cannot be read or is of another form
 */
export async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw unreadable(path, error);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new PopserveError('INVALID_ARGUMENT', `${path}: expected JSON: ${String(cause)}`, { cause });
  }
  return parse(schema, json, path);
}
