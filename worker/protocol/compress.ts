// Compressed answers. The platform compresses JSON itself, outside the isolate, for clients that take gzip, br or zstd; what it
// does not speak is deflate, so large JSON for a client that takes nothing else is compressed here.
import type { EncodedMessage } from './envelope.ts';

/** Below this the answer takes a few packets either way, and compressing only costs the isolate's time. */
const leastCharacters = 16_384;
const platformEncodings = ['gzip', 'br', 'zstd', '*'];

/** @see RFC 9110 12.5.3 */
export function needsDeflate(body: EncodedMessage['body'], request: Request): body is string {
  if (typeof body !== 'string' || body.length < leastCharacters) return false;
  const accepted = new Set<string>();
  for (const part of acceptedEncodings(request).toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim());
    if (!parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) accepted.add(name);
  }
  return accepted.has('deflate') && !platformEncodings.some((encoding) => accepted.has(encoding));
}

/** The platform puts what it understands itself into Accept-Encoding, and what the client sent into `cf`. */
function acceptedEncodings(request: Request): string {
  const accepted: unknown = request.cf?.clientAcceptEncoding;
  return typeof accepted === 'string' ? accepted : (request.headers.get('accept-encoding') ?? '');
}

/**
 * zlib format (RFC 1950), which is what HTTP calls deflate.
 * @returns the compressed text, and when all of it has been taken or its reader has gone
 */
export function deflate(text: string): { readonly readable: ReadableStream<Uint8Array>; readonly sent: Promise<void> } {
  const { readable, writable } = new CompressionStream('deflate');
  const writer = writable.getWriter();
  // A client that goes away fails the reading side; that is not this side's fault to report.
  const sent = writer
    .write(new TextEncoder().encode(text))
    .then(() => writer.close())
    .catch(() => undefined);
  return { readable, sent };
}
