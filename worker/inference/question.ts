// A question in a URL: the features in the query, the answer revalidated by browsers and kept by the PoP.
import type { Isolate } from '../isolate.ts';
import { admitFor } from '../protocol/check-inputs.ts';
import { decodeRecords, recordOfQuery } from '../protocol/decode-records.ts';
import { encodePredictions } from '../protocol/encode-predictions.ts';
import type { EncodedMessage } from '../protocol/envelope.ts';
import type { InferRequest } from '../protocol/infer-request.ts';
import type { NonFinite } from '../protocol/non-finite.ts';
import type { Resolved } from '../routing/route-table.ts';
import { versionHeaders } from '../routing/version-headers.ts';
import type { InferenceCodec } from './codecs.ts';
import { type Holding, infer } from './infer.ts';

export interface Question {
  readonly url: URL;
  /** Whether the browser holds the answer with this ETag. */
  readonly holds: (etag: string) => boolean;
  readonly nonFinite: NonFinite;
}

/**
 * @returns without a body where the browser's answer is still the answer: nothing was loaded or run
 * @throws PopserveError for any fault of the question or of the model
 */
export async function ask(
  isolate: Isolate,
  resolved: Resolved,
  { url, holds, nonFinite }: Question,
  holding: Holding,
): Promise<EncodedMessage | { headers: Record<string, string>; body: null }> {
  const { manifest } = resolved;
  const { answers } = isolate;
  const record = recordOfQuery(manifest, url.searchParams);
  const inputs = decodeRecords(manifest, { records: [record], exact: () => [record], admit: admitFor(manifest) });
  const codec: InferenceCodec<InferRequest> = {
    decode: () => ({ parameters: {}, inputs, outputs: null, binaryOutputs: false }),
    encode: (_, outputs) => encodePredictions(manifest, { count: 1, outputs, nonFinite }),
  };
  // A model that draws random numbers answers each question anew.
  if (manifest.random) {
    const drawn = await infer(isolate, resolved, codec, holding);
    return { body: drawn.body, headers: { ...drawn.headers, 'cache-control': 'no-store' } };
  }
  const etag = await answers.etagOf(manifest, inputs, nonFinite);
  // `no-cache`: a browser keeps the answer and asks each time whether it still holds, so a switchover is seen at once.
  const headers = { ...versionHeaders(resolved), etag, 'cache-control': 'private, no-cache' };
  if (holds(etag)) {
    answers.count(manifest, 'hits');
    return { body: null, headers };
  }
  const kept = await answers.find(manifest, url.origin, etag);
  if (kept !== null) return { body: kept, headers: { ...headers, 'content-type': 'application/json' } };
  const answer = await infer(isolate, resolved, codec, holding);
  answers.keep(url.origin, etag, String(answer.body), holding.scope);
  return { body: answer.body, headers: { ...answer.headers, ...headers } };
}
