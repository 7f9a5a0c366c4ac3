// The stores in memory, for tests that run thousands of releases or every order of two of them. stores.test.ts holds them
// to the same behaviour as the real ones.
import type { ReadableStream } from '@cloudflare/workers-types';
import type { BlobInfo, BlobStore } from '../../registry/blob-store.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { PopserveError } from '../../registry/errors.ts';
import { type Manifest, manifestBlobs, manifestDigest, manifestText } from '../../registry/manifest.ts';
import type { ManifestInfo, ManifestStore, RetiringManifest, Tombstone } from '../../registry/manifest-store.ts';
import type { RegistryStores } from '../../registry/registry.ts';
import type { Route, RouteCopy } from '../../registry/route.ts';
import type { RouteCopyStore } from '../../registry/route-copy-store.ts';
import type { RouteLog } from '../../registry/route-log.ts';
import type { Attempt } from '../../registry/trial.ts';
import type { TrialStore } from '../../registry/trial-store.ts';

export function createMemoryStores(): RegistryStores {
  const blobs = memoryBlobs();
  const routes = new Map<string, Route>();
  return {
    blobs,
    manifests: memoryManifests(routes),
    routes: memoryRoutes(routes),
    copies: memoryCopies(),
    trials: memoryTrials(),
  };
}

function memoryBlobs(): BlobStore {
  const stored = new Map<string, BlobInfo & { content: Uint8Array<ArrayBuffer> }>();
  const uploads = new Set<string>();
  const read = async (body: unknown) =>
    new Uint8Array(await new Response(body as ConstructorParameters<typeof Response>[0]).arrayBuffer());
  return {
    head: async (digest) => stored.get(digest) ?? null,
    async create(digest, body) {
      const content = await read(body);
      if ((await sha256Digest(content)) !== digest) throw new PopserveError('UNPROCESSABLE', `expected ${digest}`);
      if (stored.has(digest)) return false;
      stored.set(digest, { digest, bytes: content.byteLength, storedAt: new Date(), content });
      return true;
    },
    async confirm(digest, body) {
      if ((await sha256Digest(await read(body))) !== digest) {
        throw new PopserveError('UNPROCESSABLE', `expected ${digest}`);
      }
    },
    addUploader: async (digest, uploader) => void uploads.add(`${digest} ${uploader}`),
    isUploadedBy: async (digest, uploader) => uploads.has(`${digest} ${uploader}`),
    async get(digest, range) {
      const blob = stored.get(digest);
      if (blob === undefined) return null;
      const { offset, length } = range ?? { offset: 0, length: blob.bytes };
      const part = new Blob([blob.content.slice(offset, offset + length)]);
      return { ...blob, body: part.stream() as unknown as ReadableStream<Uint8Array> };
    },
    async *list() {
      yield* stored.values();
    },
    async delete(digests) {
      for (const digest of digests) stored.delete(digest);
    },
  };
}

function memoryManifests(routes: Map<string, Route>): ManifestStore {
  const stored = new Map<string, { model: string; text: string; info: Omit<ManifestInfo, 'digest'> }>();
  const retiring = new Map<string, RetiringManifest & { manifest: Manifest }>();
  const tombstones = new Map<string, Tombstone & { model: string; version: string }>();
  const create = async (manifest: Manifest) => {
    const { model, version } = manifest;
    const digest = await manifestDigest(manifest);
    if (stored.has(`${model}/${version}`)) return false;
    if ((tombstones.get(`${model}/${version}`)?.digest ?? digest) !== digest) return false;
    tombstones.delete(`${model}/${version}`);
    const info = { version, blobs: manifestBlobs(manifest), storedAt: new Date() };
    stored.set(`${model}/${version}`, { model, text: manifestText(manifest), info });
    return true;
  };
  return {
    get: async (model, version) => stored.get(`${model}/${version}`)?.text ?? null,
    create,
    async getTombstone(model, version) {
      const { digest, at } = tombstones.get(`${model}/${version}`) ?? {};
      return digest && at ? { digest, at } : null;
    },
    async retire(manifest) {
      const { model, version } = manifest;
      const digest = await manifestDigest(manifest);
      const aside = { model, version, blobs: manifestBlobs(manifest), sinceAt: new Date(), manifest };
      retiring.set(`${model}/${version}`, aside);
      stored.delete(`${model}/${version}`);
      tombstones.set(`${model}/${version}`, { model, version, digest, at: new Date().toISOString() });
    },
    listRetiring: async () => [...retiring.values()].map(({ manifest: _, ...each }) => each),
    async settleRetirement(model, version, { restore }) {
      const kept = retiring.get(`${model}/${version}`);
      if (restore && kept !== undefined) await create(kept.manifest);
      retiring.delete(`${model}/${version}`);
    },
    async listModels() {
      return [
        ...new Set([...stored.values(), ...tombstones.values(), ...routes.values()].map(({ model }) => model)),
      ].sort();
    },
    async listVersions(model) {
      const own = [...stored.values()].filter((entry) => entry.model === model);
      const versions = own.map(async ({ info, text }) => ({ ...info, digest: await sha256Digest(text) }));
      const retired = [...tombstones.values()].filter((entry) => entry.model === model);
      return { versions: await Promise.all(versions), retired: retired.map(({ version }) => version) };
    },
  };
}

function memoryRoutes(stored: Map<string, Route>): RouteLog {
  return {
    async newest(model) {
      const own = [...stored.values()].filter((route) => route.model === model);
      return own.sort((a, b) => b.epoch - a.epoch)[0] ?? null;
    },
    get: async (model, epoch) => stored.get(`${model}/${epoch}`) ?? null,
    async append(route) {
      if (stored.has(`${route.model}/${route.epoch}`)) return false;
      stored.set(`${route.model}/${route.epoch}`, structuredClone(route));
      return true;
    },
  };
}

function memoryCopies(): RouteCopyStore {
  const stored = new Map<string, RouteCopy>();
  return {
    get: async (model) => stored.get(model) ?? null,
    async put(copy) {
      stored.set(copy.route.model, structuredClone(copy));
    },
  };
}

function memoryTrials(): TrialStore {
  const proven = new Set<string>();
  const attempts = new Map<string, Map<number, Attempt>>();
  const of = (model: string, version: string) => {
    const key = `${model}/${version}`;
    const own = attempts.get(key) ?? new Map<number, Attempt>();
    attempts.set(key, own);
    return own;
  };
  return {
    read: async (model, version) => ({
      proven: proven.has(`${model}/${version}`),
      attempts: [...of(model, version).values()],
    }),
    isProven: async (model, version) => proven.has(`${model}/${version}`),
    async begin(model, version, attempt) {
      const own = of(model, version);
      if (own.has(attempt.number)) return false;
      own.set(attempt.number, { ...attempt, startedAt: new Date(), failure: null });
      return true;
    },
    async fail(model, version, attempt, failure) {
      of(model, version).set(attempt.number, { ...attempt, startedAt: new Date(), failure });
    },
    abandon: async (model, version, number) => void of(model, version).delete(number),
    async prove(model, version) {
      proven.add(`${model}/${version}`);
      of(model, version).clear();
    },
    clear: async (model, version) => of(model, version).clear(),
  };
}
