// A question in a URL: the features in the query, the answer revalidated by browsers and kept by the PoP.
import { PopserveError } from '../../registry/errors.ts';
import type { Isolate } from '../isolate.ts';
import { decodeRecords, recordOfQuery } from '../protocol/decode-records.ts';
import { encodePredictions } from '../protocol/encode-predictions.ts';
import type { EncodedMessage } from '../protocol/envelope.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Resolved } from '../routing/route-table.ts';
import { inferWith, versionHeaders } from './infer.ts';

/**
 * @param ifNoneMatch what the browser has: ETags, or null
 * @returns null where the browser's answer is still the answer: nothing was loaded or run
 * @throws PopserveError for any fault of the question or of the model
 */
export async function ask(
  isolate: Isolate,
  resolved: Resolved,
  { url, ifNoneMatch }: { url: URL; ifNoneMatch: string | null },
  scope: RequestScope,
): Promise<{ message: EncodedMessage | null; headers: Record<string, string> }> {
  const { manifest } = resolved;
  const { answers } = isolate;
  const inputs = decodeQuestion(isolate, resolved, url.searchParams);
  const etag = await answers.etagOf(manifest, inputs);
  // `no-cache`: a browser keeps the answer and asks each time whether it still holds, so a switchover is seen at once.
  const headers = { ...versionHeaders(resolved), etag, 'cache-control': 'private, no-cache' };
  if (matches(ifNoneMatch, etag)) {
    answers.count(manifest, 'hits');
    return { message: null, headers };
  }
  const kept = await answers.find(manifest, url.origin, etag);
  if (kept !== null) {
    return { message: { body: kept, headers: { ...headers, 'content-type': 'application/json' } }, headers };
  }
  const answer = await inferWith(isolate, resolved, scope, {
    decode: () => ({ parameters: {}, inputs, outputs: null, binaryOutputs: false }),
    encode: (_, outputs) =>
      encodePredictions({
        modelName: manifest.model,
        modelVersion: manifest.version,
        count: 1,
        outputs,
        ...(manifest.labels ? { labels: manifest.labels } : {}),
      }),
  });
  answers.keep(url.origin, etag, String(answer.body), scope);
  return { message: { body: answer.body, headers: { ...answer.headers, ...headers } }, headers };
}

function decodeQuestion(isolate: Isolate, resolved: Resolved, query: URLSearchParams): Tensor[] {
  const { manifest } = resolved;
  try {
    const record = recordOfQuery(manifest, query);
    return decodeRecords(manifest, 1, () => [record]);
  } catch (error) {
    isolate.counters.fail(resolved, error instanceof PopserveError ? error.code : 'INTERNAL');
    throw error;
  }
}

/** Weak comparison (RFC 9110 13.1.2): the platform weakens the ETag of an answer that it compresses. */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return known.includes(etag);
}
