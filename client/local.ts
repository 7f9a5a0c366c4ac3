// The local fallback: a version's artifact, checked against its digest, run with the onnxruntime that the caller brings.
import { toHex } from '../registry/bytes.ts';
import { openStore, put } from './artifact-cache.ts';
import { PopserveError } from './errors.ts';
import type { OnnxRuntime, RuntimeSession } from './onnx-runtime.ts';
import type { LocalOptions } from './options.ts';
import {
  type Datatype,
  datatypes,
  type OutputTensor,
  outputTensor,
  type Spelled,
  textDecoder,
  textEncoder,
} from './tensors.ts';

/** The version that a model, version or alias stood for when a PoP last answered. */
export interface Known {
  readonly version: string;
  readonly digest: string;
  readonly epoch: number;
}

/** Downloads an artifact from a PoP. */
export type Download = () => Promise<ArrayBuffer>;

interface Loaded {
  readonly ort: OnnxRuntime;
  readonly session: RuntimeSession;
}

/** Sessions in memory at once. */
const mostLoaded = 4;
/** Artifacts of one model in the cache, so that going back a release needs no network. */
const mostKept = 3;

/** As onnxruntime names it: `float32` for FP32, `bfloat16` for BF16. */
function typeOf(datatype: string): string {
  return datatype === 'BYTES' ? 'string' : datatype.toLowerCase().replace(/(b?)fp?/, '$1float');
}

export class LocalRuns {
  readonly #options: LocalOptions;
  /** URL of the PoP, ending with `/`. */
  readonly #base: string;
  readonly #store = openStore();
  readonly #known = new Map<string, Known>();
  readonly #loaded = new Map<string, Promise<Loaded>>();
  readonly #ready = new Set<string>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(base: string, options: LocalOptions) {
    this.#base = base;
    this.#options = options;
  }

  /** @param path the path of a model, version or alias, `v2/models/…` */
  async known(path: string): Promise<Known | undefined> {
    const store = await this.#store;
    const kept = this.#known.get(path) ?? ((await (await store.match(this.#base + path))?.json()) as Known);
    if (kept) this.#known.set(path, kept);
    return kept;
  }

  /**
   * Remembers the version that answered, unless a newer epoch is known: two PoPs may be at different epochs.
   * @param paths all paths that now stand for this version
   */
  async learn(paths: readonly string[], { version, digest, epoch }: Known): Promise<void> {
    if (!digest) return;
    for (const path of paths) {
      const before = await this.known(path);
      if (before && (before.epoch > epoch || (before.epoch === epoch && before.digest === digest))) continue;
      const known = { version, digest, epoch };
      this.#known.set(path, known);
      await put(await this.#store, this.#base + path, JSON.stringify(known));
    }
  }

  /** True if a run could start at once. */
  isReady(path: string, minEpoch: number): boolean {
    const known = this.#known.get(path);
    return !!known && known.epoch >= minEpoch && this.#ready.has(known.digest);
  }

  /**
   * Loads an artifact once; the next call tries a failed load again.
   * @throws {PopserveError} DIGEST_MISMATCH, LOCAL_FAILED, or what `download` rejects with
   */
  load(artifactPath: string, digest: string, download: Download): Promise<Loaded> {
    let loaded = this.#loaded.get(digest);
    if (!loaded) {
      loaded = this.#create(artifactPath, digest, download);
      this.#loaded.set(digest, loaded);
      loaded.then(
        () => this.#ready.add(digest),
        () => this.#loaded.delete(digest),
      );
      this.#makeRoom();
    }
    return loaded;
  }

  /** @throws {PopserveError} LOCAL_FAILED if the runtime refuses the inputs or the run */
  async run(
    { ort, session }: Loaded,
    inputs: ReadonlyMap<string, Spelled>,
    outputs: readonly string[] | undefined,
  ): Promise<Record<string, OutputTensor>> {
    const feeds: Record<string, unknown> = {};
    try {
      for (const [name, { datatype, shape, data }] of inputs) {
        const texts = datatype === 'BYTES' && (data as Uint8Array[]).map((bytes) => textDecoder.decode(bytes));
        feeds[name] = new ort.Tensor(typeOf(datatype) as never, (texts || data) as never, shape);
      }
      // One run at a time: some runtimes refuse a second run before the first has ended.
      const running = this.#queue.then(() =>
        session.run(feeds as Record<string, never>, outputs ?? session.outputNames),
      );
      this.#queue = running.catch(() => undefined);
      return Object.fromEntries(
        Object.entries(await running).map(([name, tensor]) => [name, fromRuntime(name, tensor)]),
      );
    } catch (cause) {
      throw new PopserveError('LOCAL_FAILED', `the model does not run here: ${cause}`, { cause });
    }
  }

  /** Releases the session that was loaded first: a page that stays open sees many versions, and old sessions take memory. */
  #makeRoom(): void {
    const [oldest] = this.#loaded;
    if (!oldest || this.#loaded.size <= mostLoaded) return;
    const [digest, loaded] = oldest;
    this.#loaded.delete(digest);
    this.#ready.delete(digest);
    this.#queue = Promise.all([loaded, this.#queue]).then(
      ([{ session }]) => session.release(),
      () => undefined,
    );
  }

  async #create(artifactPath: string, digest: string, download: Download): Promise<Loaded> {
    const bytes = new Uint8Array(await this.#artifact(artifactPath, digest, download));
    const { ort: given, sessionOptions } = this.#options;
    try {
      const ort = typeof given === 'function' ? await given() : given;
      // Some valid models load only without onnxruntime's optimisations; publishing makes the same second attempt.
      const session = await ort.InferenceSession.create(bytes, sessionOptions).catch(() =>
        ort.InferenceSession.create(bytes, { ...sessionOptions, graphOptimizationLevel: 'disabled' }),
      );
      return { ort, session };
    } catch (cause) {
      throw new PopserveError('LOCAL_FAILED', `the model does not load here: ${cause}`, { cause });
    }
  }

  /** Checks cached bytes as well, because any script of the page's origin can write to the cache. */
  async #artifact(path: string, digest: string, download: Download): Promise<ArrayBuffer> {
    const url = this.#base + path;
    const store = await this.#store;
    const kept = await (await store.match(url))?.arrayBuffer();
    if (kept) {
      if ((await digestOf(kept)) === digest) return kept;
      await store.delete(url);
    }
    const bytes = await download();
    const got = await digestOf(bytes);
    if (got !== digest) throw new PopserveError('DIGEST_MISMATCH', `expected the artifact ${digest}, got ${got}`);
    await put(store, url, bytes);
    const [ofModel] = url.split('/versions/');
    const urls = (await store.keys()).map(({ url }) => url);
    const ofArtifacts = urls.filter((url) => url.startsWith(`${ofModel}/`) && url.includes('/artifact?'));
    for (const oldest of ofArtifacts.slice(0, -mostKept)) await store.delete(oldest);
    return bytes;
  }
}

export async function digestOf(bytes: ArrayBuffer): Promise<string> {
  const { subtle } = crypto;
  if (!subtle) throw new PopserveError('LOCAL_FAILED', 'checking digests needs HTTPS');
  const hash = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return `sha256:${toHex(hash)}`;
}

function fromRuntime(name: string, { type, dims, data }: { type: string; dims: readonly number[]; data: unknown }) {
  const datatype = datatypes.find((known) => typeOf(known) === type) ?? type;
  const texts = type === 'string' && (data as string[]).map((text) => textEncoder.encode(text));
  return outputTensor(name, datatype as Datatype, [...dims], (texts || data) as Spelled['data']);
}
