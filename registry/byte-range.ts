// The Range header of one request over a body of known length (RFC 9110, section 14).
import type { ByteRange } from './blob-store.ts';

/**
 * @returns the range that is asked for; `all` without a Range header, or with one that may be ignored (other units, several ranges,
 *   not well-formed); `unsatisfiable` if the range lies outside the body
 */
export function parseRange(header: string | undefined, totalBytes: number): ByteRange | 'all' | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return 'all';
  if (first === '') {
    const length = Math.min(Number(last), totalBytes);
    return length === 0 ? 'unsatisfiable' : { offset: totalBytes - length, length };
  }
  const offset = Number(first);
  const end = last === '' ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1);
  if (last !== '' && Number(last) < offset) return 'all';
  return offset >= totalBytes ? 'unsatisfiable' : { offset, length: end - offset + 1 };
}
