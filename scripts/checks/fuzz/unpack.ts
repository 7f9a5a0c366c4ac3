// The body of an answer as it was before it was packed for the way.
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { ReceivedAnswer } from '../http-sender.ts';

/** @throws Error if the body is not packed as the answer says */
export function unpacked(answer: ReceivedAnswer): ReceivedAnswer {
  const encoding = answer.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity' || answer.body.length === 0) return answer;
  return { ...answer, body: unpack(answer.body, encoding) };
}

function unpack(body: Buffer, encoding: string): Buffer {
  if (encoding === 'gzip') return gunzipSync(body);
  if (encoding === 'deflate') return inflateSync(body);
  if (encoding === 'br') return brotliDecompressSync(body);
  throw new Error(`the answer is packed as ${encoding}`);
}
