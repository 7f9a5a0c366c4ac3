// The JSON bodies of the control plane's calls, read as far as they may go.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { parseJson } from '../../registry/parse.ts';
import type { AppContext } from '../isolate.ts';

/** Manifests travel inside KV values of at most 25 MiB, with those of the other routed versions. */
const mostJsonBytes = 1_048_576;

/** @param empty what a missing body stands for; without it a body is required */
export async function readJson(c: Context<AppContext>, what: string, empty?: unknown): Promise<unknown> {
  const text = await readText(c.req.raw.body, what);
  return text === '' && empty !== undefined ? empty : parseJson(text, what);
}

/** Reads a body as far as it may go, whatever length it announces. */
async function readText(body: ReadableStream<Uint8Array> | null, what: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostJsonBytes) {
      throw new PopserveError('TOO_LARGE', `${what}: expected at most ${mostJsonBytes} bytes, got more`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
