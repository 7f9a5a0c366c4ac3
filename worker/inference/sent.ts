// The pictures or texts of a request, whatever form they came in.
import { decodeBase64 } from '../../registry/bytes.ts';
import { invalid } from '../../registry/errors.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { describeValue } from '../protocol/describe.ts';
import type { Account } from '../runtime/ledger.ts';

/** Pictures, each a file, or texts. */
export type Sent = { readonly files: readonly Uint8Array[] } | { readonly texts: readonly string[] };

export function countOf(sent: Sent): number {
  return 'files' in sent ? sent.files.length : sent.texts.length;
}

/** @throws {PopserveError} INVALID_ARGUMENT naming what is not UTF-8 as `what` */
export function readUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw invalid(`${what} is not UTF-8`, cause);
  }
}

/** Strings are texts, or pictures in base64, as the version takes them. @param where names one of them in a message */
export function readStrings(
  strings: readonly string[],
  pipeline: Pipeline,
  account: Account,
  where: (index: number) => string,
): Sent {
  if ('text' in pipeline) return { texts: strings };
  account.take(
    'decoded',
    strings.reduce((sum, text) => sum + Math.ceil((text.length * 3) / 4), 0),
  );
  return { files: strings.map((text, index) => readBase64(text, where(index))) };
}

/** A browser's canvas writes the second form. */
function readBase64(text: string, where: string): Uint8Array {
  const bytes = decodeBase64(text.replace(/^data:image\/[a-z+-]+;base64,/, ''));
  if (bytes !== null && bytes.length > 0) return bytes;
  throw invalid(`${where}: expected a picture in base64, got ${describeValue(text)}`);
}
