// What a command says of a file or folder that it cannot read, in words instead of the system's codes.
import { PopserveError } from '../registry/errors.ts';

const faults: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder, expected a file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ENAMETOOLONG: 'its name is too long for a file',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
};

/**
 * @param path as the caller wrote it
 * @param cause what `node:fs` or a fatal `TextDecoder` threw
 */
export function unreadable(path: string, cause: unknown): PopserveError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const fault = faults[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new PopserveError('INVALID_ARGUMENT', `cannot read ${path}: ${fault}`, { cause });
}
