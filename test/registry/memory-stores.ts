// The stores in memory, for tests that run thousands of releases or every order of two of them. stores.test.ts holds them
// to the same behaviour as the real ones. A key takes one write a second, and time passes only in pauses.
import type { ReadableStream } from '@cloudflare/workers-types';
import type { BlobInfo, BlobStore } from '../../registry/blob-store.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { PopserveError } from '../../registry/errors.ts';
import { type Manifest, manifestBlobs, manifestDigest, manifestText } from '../../registry/manifest.ts';
import type { ManifestInfo, ManifestStore, RetiringManifest, Tombstone } from '../../registry/manifest-store.ts';
import { indexText, parseIndex } from '../../registry/model-index.ts';
import type { ChangeMark, ModelIndexStore } from '../../registry/model-index-store.ts';
import type { Route, RouteCopy } from '../../registry/route.ts';
import type { RouteCopyStore } from '../../registry/route-copy-store.ts';
import type { RouteLog } from '../../registry/route-log.ts';
import type { Attempt } from '../../registry/trial.ts';
import type { TrialStore } from '../../registry/trial-store.ts';
import { writeRefused } from '../../registry/write-rate.ts';
import { StandingClock, type TimedStores, WriteRate } from './write-rate-double.ts';

export function createMemoryStores(): TimedStores {
  const clock = new StandingClock();
  const rate = new WriteRate(clock);
  const written = (key: string) => {
    if (!rate.take(key)) throw writeRefused(key);
  };
  const routes = new Map<string, Route>();
  return {
    blobs: memoryBlobs(written),
    manifests: memoryManifests(routes, written),
    routes: memoryRoutes(routes, written),
    copies: memoryCopies(written),
    trials: memoryTrials(written),
    pause: clock.pause,
    index: memoryIndex(rate),
  };
}

/** Counts a write to a key. @throws {PopserveError} RATE_LIMITED if there was another within the second */
type Written = (key: string) => void;

function memoryBlobs(written: Written): BlobStore {
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
      written(digest);
      stored.set(digest, { digest, bytes: content.byteLength, storedAt: new Date(), content });
      return true;
    },
    async confirm(digest, body) {
      if ((await sha256Digest(await read(body))) !== digest) {
        throw new PopserveError('UNPROCESSABLE', `expected ${digest}`);
      }
      written(digest);
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
      for (const digest of digests) {
        written(digest);
        stored.delete(digest);
      }
    },
  };
}

function memoryManifests(routes: Map<string, Route>, written: Written): ManifestStore {
  const stored = new Map<string, { model: string; text: string; info: Omit<ManifestInfo, 'digest'> }>();
  const retiring = new Map<string, RetiringManifest & { manifest: Manifest }>();
  const tombstones = new Map<string, Tombstone & { model: string; version: string }>();
  const create = async (manifest: Manifest) => {
    const { model, version } = manifest;
    const digest = await manifestDigest(manifest);
    if (stored.has(`${model}/${version}`)) return false;
    if ((tombstones.get(`${model}/${version}`)?.digest ?? digest) !== digest) return false;
    written(`${model}/${version}`);
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
      written(`retiring/${model}/${version}`);
      retiring.set(`${model}/${version}`, aside);
      written(`${model}/${version}`);
      stored.delete(`${model}/${version}`);
      tombstones.set(`${model}/${version}`, { model, version, digest, at: new Date().toISOString() });
    },
    listRetiring: async () => [...retiring.values()].map(({ manifest: _, ...each }) => each),
    async settleRetirement(model, version, { restore }) {
      const kept = retiring.get(`${model}/${version}`);
      if (restore && kept !== undefined) await create(kept.manifest);
      if (kept !== undefined) written(`retiring/${model}/${version}`);
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
      return { versions: await Promise.all(versions), retired: retired.map(({ version }) => version), damaged: [] };
    },
  };
}

function memoryRoutes(stored: Map<string, Route>, written: Written): RouteLog {
  return {
    async newest(model) {
      const own = [...stored.values()].filter((route) => route.model === model);
      return own.sort((a, b) => b.epoch - a.epoch)[0] ?? null;
    },
    get: async (model, epoch) => stored.get(`${model}/${epoch}`) ?? null,
    async page(model, { before = Number.POSITIVE_INFINITY, limit }) {
      const own = [...stored.values()].filter((route) => route.model === model && route.epoch < before);
      const routes = own.sort((a, b) => b.epoch - a.epoch).slice(0, limit);
      const next = own.length > routes.length ? (routes.at(-1)?.epoch ?? null) : null;
      return { routes, damaged: [], next, reads: routes.length };
    },
    async append(route) {
      if (stored.has(`${route.model}/${route.epoch}`)) return false;
      written(`${route.model} ${route.epoch}`);
      stored.set(`${route.model}/${route.epoch}`, structuredClone(route));
      return true;
    },
  };
}

function memoryCopies(written: Written): RouteCopyStore {
  const stored = new Map<string, RouteCopy>();
  return {
    get: async (model) => stored.get(model) ?? null,
    async put(copy) {
      written(`route:${copy.route.model}`);
      stored.set(copy.route.model, structuredClone(copy));
    },
  };
}

function memoryIndex(rate: WriteRate): ModelIndexStore {
  let stored: { text: string; etag: string } | null = null;
  const marks = new Map<string, ChangeMark>();
  return {
    read: async () => ({ index: parseIndex(stored?.text ?? ''), etag: stored?.etag ?? null }),
    async write(index, etag) {
      if ((stored?.etag ?? null) !== etag || !rate.take('index')) return false;
      stored = { text: indexText(index), etag: crypto.randomUUID() };
      return true;
    },
    async mark(model) {
      const id = `${model}/${crypto.randomUUID()}`;
      marks.set(id, { id, model, sinceAt: new Date() });
      return id;
    },
    async unmark(ids) {
      for (const id of ids) marks.delete(id);
    },
    listMarks: async () => [...marks.values()],
  };
}

function memoryTrials(written: Written): TrialStore {
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
      written(`${model}/${version} ${attempt.number}`);
      own.set(attempt.number, { ...attempt, startedAt: new Date(), failure: null });
      return true;
    },
    async fail(model, version, attempt, failure) {
      written(`${model}/${version} ${attempt.number}`);
      of(model, version).set(attempt.number, { ...attempt, startedAt: new Date(), failure });
    },
    async abandon(model, version, number) {
      written(`${model}/${version} ${number}`);
      of(model, version).delete(number);
    },
    async prove(model, version) {
      proven.add(`${model}/${version}`);
    },
    async clear(model, version) {
      for (const number of of(model, version).keys()) written(`${model}/${version} ${number}`);
      of(model, version).clear();
    },
  };
}
