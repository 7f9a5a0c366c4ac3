// The words in which publishing refuses a model, and in which it repeats the runtime's.
import { PopserveError } from '../../registry/errors.ts';

export function unprocessable(message: string, cause?: unknown): PopserveError {
  return new PopserveError('UNPROCESSABLE', message, cause === undefined ? {} : { cause });
}

const longestMessage = 500;

/** Source file, line and function that ORT puts before its words. */
const sourcePosition =
  /(?:\S*\/)?\w+\.(?:cc|h):\d+ (?:(?:static |virtual )?[\w:<>*& ]*::[^()]*\([^)]*\)(?: const)? |\w+ )/g;

/** The runtime's message on one line, without the places in its own source. */
export function tidy(message: string): string {
  const text = message
    .replace(/\s+/g, ' ')
    .replace(sourcePosition, '')
    .replace(/^cannot (load|run) the model: /, '')
    .trim();
  return text.length <= longestMessage ? text : `${text.slice(0, longestMessage).toWellFormed()}…`;
}

/** ORT's words for a size that 32 bits cannot count: in a WASM heap that is out of memory. */
export function isSizeOverflow(message: string): boolean {
  return /SafeInt|Integer overflow|bad_alloc/.test(message);
}
