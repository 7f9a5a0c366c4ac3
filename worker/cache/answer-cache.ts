// Answers to earlier questions, kept in the PoP's cache: the same input of the same version costs no second inference.
// An answer's name is made of the version's digest and the input, so a new version is never given an old answer.
import { joinBytes, toHex } from '../../registry/bytes.ts';
import { sha256 } from '../../registry/digests.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { NonFinite } from '../protocol/non-finite.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { RequestScope } from '../request-scope.ts';
import { serverVersion } from '../server-identity.ts';
import { cacheKey } from './reserved-path.ts';

/** A version's answers never change. The cache drops unused ones much earlier. */
const keepSeconds = 86_400;

export interface CacheCounts {
  hits: number;
  misses: number;
}

export class AnswerCache {
  readonly #counts = new Map<string, CacheCounts>();

  /** An ETag for the version, the exact elements of its inputs, however the request spelled them, and the form of the answer. */
  async etagOf(
    { model, version, artifacts }: Manifest,
    inputs: readonly Tensor[],
    nonFinite: NonFinite = 'null',
  ): Promise<string> {
    const digest = artifacts.model.digest;
    const named = inputs.map(({ name, shape, data }) => ({
      name,
      shape,
      lengths: data instanceof Uint8Array ? data.length : data.map((element) => element.length),
    }));
    const head = JSON.stringify([
      serverVersion,
      model,
      version,
      digest,
      named,
      ...(nonFinite === 'null' ? [] : [nonFinite]),
    ]);
    const parts = [new TextEncoder().encode(head), ...inputs.flatMap(({ data }) => data)];
    const hash = await sha256(joinBytes(parts));
    return `"${digest.slice('sha256:'.length, 'sha256:'.length + 16)}-${toHex(hash.subarray(0, 16))}"`;
  }

  /** @param origin of the request */
  async find(manifest: Manifest, origin: string, etag: string): Promise<string | null> {
    const cached = await caches.default.match(keyOf(origin, etag));
    this.count(manifest, cached === undefined ? 'misses' : 'hits');
    return cached === undefined ? null : await cached.text();
  }

  /** Stores an answer after the request has been answered. */
  keep(origin: string, etag: string, body: string, scope: RequestScope): void {
    const headers = { 'cache-control': `max-age=${keepSeconds}`, 'content-type': 'application/json' };
    // A full cache refuses the answer; then the next question is a miss.
    scope.waitUntil(caches.default.put(keyOf(origin, etag), new Response(body, { headers })).catch(() => undefined));
  }

  count({ model, version }: Manifest, outcome: keyof CacheCounts): void {
    const key = `${model}/${version}`;
    const counts = this.#counts.get(key) ?? { hits: 0, misses: 0 };
    counts[outcome] += 1;
    this.#counts.set(key, counts);
  }

  counts(model: string, version: string): CacheCounts {
    return this.#counts.get(`${model}/${version}`) ?? { hits: 0, misses: 0 };
  }
}

function keyOf(origin: string, etag: string): string {
  return cacheKey(origin, 'answers', etag.replaceAll('"', ''));
}
