// Tokenizes texts for the isolate. Tokenizers are artifacts of versions: loaded once when the first text comes, counted in the ledger,
// and given up, the one used longest ago first, when their memory is needed.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { mebibytes } from '../../registry/mebibytes.ts';
import { type EncodeOptions, type Encoding, readTokenizer, type Tokenizer } from '../pipeline/text/tokenizer.ts';
import type { RequestScope } from '../request-scope.ts';
import type { BlobSource } from './blob-source.ts';
import { CorruptBlobError } from './corrupt-blob-error.ts';
import type { Account } from './ledger.ts';
import { readBlob } from './read-blob.ts';
import type { Log } from './residents.ts';

export interface TextsOptions {
  readonly blobs: BlobSource;
  /** UTF-8 bytes of the texts of one request together. */
  readonly maxTextBytes: number;
  /** Memory that may be taken now. */
  readonly roomBytes: () => number;
  readonly log: Log;
}

export interface Encoded {
  /** In the order of the texts. */
  readonly encodings: readonly Encoding[];
  /** How a batch of them is filled up. */
  readonly pad: Tokenizer['pad'];
}

interface Loading {
  readonly artifact: Artifact;
  readonly done: Promise<Tokenizer>;
  /** Grows with each piece that arrives. */
  progress: number;
}

type Artifact = NonNullable<Manifest['artifacts']['tokenizer']>;

/** A load without progress for this long belonged to a request that died, and its reads with it. */
const stallMs = 10_000;
/** After a failure, so that every request does not read the bytes again. */
const retryMs = 10_000;

/** Memory that the work on a text takes for each of its UTF-16 units: a text before and after a step, its cuts and its tokens. */
const workBytes = 100;

export class Texts {
  readonly #options: TextsOptions;
  /** By digest; the one used last is the last. */
  readonly #tokenizers = new Map<string, Tokenizer>();
  readonly #loading = new Map<string, Loading>();
  readonly #failed = new Map<string, { readonly error: PopserveError; readonly retryAtMs: number }>();

  constructor(options: TextsOptions) {
    this.#options = options;
  }

  /** Memory of the tokenizers, those that are being loaded included. */
  get heldBytes(): number {
    let sum = 0;
    for (const { byteLength } of this.#tokenizers.values()) sum += byteLength;
    for (const { artifact } of this.#loading.values()) sum += artifact.bytes;
    return sum;
  }

  /** Drops tokenizers until so many bytes are free, or none is left. */
  giveUp(bytes: number): void {
    let missing = bytes;
    for (const [digest, { byteLength }] of this.#tokenizers) {
      if (missing <= 0) return;
      this.#tokenizers.delete(digest);
      this.#options.log('tokenizer-unloaded', { digest, bytes: byteLength });
      missing -= byteLength;
    }
  }

  /**
   * @param texts of one request
   * @throws {PopserveError} TOO_LARGE for texts with more bytes than the limit, before one is tokenized; UNAVAILABLE where the
   *   tokenizer cannot be loaded or the work does not fit into memory now
   */
  async encode(
    manifest: Manifest,
    texts: readonly string[],
    options: EncodeOptions,
    { account, scope }: { readonly account: Account; readonly scope: RequestScope },
  ): Promise<Encoded> {
    this.#checkBytes(texts);
    const tokenizer = await this.#tokenizer(manifest, scope);
    const encodings = texts.map((text) => {
      const bytes = text.length * workBytes;
      account.take('decoded', bytes);
      const encoding = tokenizer.encode(text, options);
      account.give('decoded', bytes);
      account.take('decoded', sizeOf(encoding));
      return encoding;
    });
    return { encodings, pad: tokenizer.pad };
  }

  /** Loads the version's tokenizer, if it has one. @throws {PopserveError} UNAVAILABLE when it cannot be loaded */
  async warm(manifest: Manifest, scope: RequestScope): Promise<void> {
    if (manifest.artifacts.tokenizer !== undefined) await this.#tokenizer(manifest, scope);
  }

  #checkBytes(texts: readonly string[]): void {
    const { maxTextBytes } = this.#options;
    const bytes = texts.reduce((sum, text) => sum + utf8Length(text), 0);
    if (bytes <= maxTextBytes) return;
    const what = texts.length === 1 ? 'the text has' : `the ${texts.length} texts have`;
    throw new PopserveError(
      'TOO_LARGE',
      `tokenise: ${what} ${bytes} bytes of UTF-8, the limit is ${maxTextBytes} for a request; send less at once`,
    );
  }

  async #tokenizer(manifest: Manifest, scope: RequestScope): Promise<Tokenizer> {
    const artifact = manifest.artifacts.tokenizer;
    const { model, version } = manifest;
    if (artifact === undefined) throw new PopserveError('INTERNAL', `${model} ${version} has no tokenizer`);
    const { digest } = artifact;
    for (;;) {
      const ready = this.#tokenizers.get(digest);
      if (ready) {
        this.#tokenizers.delete(digest);
        this.#tokenizers.set(digest, ready);
        return ready;
      }
      const failed = this.#failed.get(digest);
      if (failed && Date.now() < failed.retryAtMs) throw failed.error;
      const loading = this.#loading.get(digest) ?? this.#start(artifact, `${model} ${version}`, scope);
      const tokenizer = await this.#waitFor(loading);
      if (tokenizer !== null) return tokenizer;
      if (this.#loading.get(digest) === loading) this.#loading.delete(digest);
    }
  }

  /** @returns null if the load stands still: the request that ran it is gone */
  async #waitFor(loading: Loading): Promise<Tokenizer | null> {
    for (;;) {
      const { progress } = loading;
      const stalled = Promise.withResolvers<null>();
      const timer = setTimeout(() => stalled.resolve(null), stallMs);
      const outcome = await Promise.race([loading.done, stalled.promise]).finally(() => clearTimeout(timer));
      if (outcome !== null || loading.progress === progress) return outcome;
    }
  }

  #start(artifact: Artifact, what: string, scope: RequestScope): Loading {
    this.#makeRoom(artifact, what);
    const { digest } = artifact;
    const { promise: done, resolve, reject } = Promise.withResolvers<Tokenizer>();
    const loading: Loading = { artifact, done, progress: 0 };
    this.#loading.set(digest, loading);
    const settle = () => {
      if (this.#loading.get(digest) === loading) this.#loading.delete(digest);
    };
    const load = this.#load(loading).then(
      (tokenizer) => {
        settle();
        this.#tokenizers.set(digest, tokenizer);
        this.#failed.delete(digest);
        resolve(tokenizer);
      },
      (error: unknown) => {
        settle();
        const failure = failureOf(error, what);
        this.#failed.set(digest, { error: failure, retryAtMs: Date.now() + retryMs });
        this.#options.log('tokenizer-unavailable', { digest, reason: failure.message });
        reject(failure);
      },
    );
    scope.waitUntil(load);
    // Whoever waits hears of a failure; the load itself may have nobody left who does.
    done.catch(() => undefined);
    return loading;
  }

  async #load(loading: Loading): Promise<Tokenizer> {
    const { blobs, log } = this.#options;
    const { digest, bytes } = loading.artifact;
    const read = async (body: ReadableStream<Uint8Array>) => {
      const artifact = await readBlob(body, loading.artifact, () => {
        loading.progress += 1;
      });
      return readTokenizer(artifact);
    };
    const opened = await blobs.open(digest);
    let { from } = opened;
    const tokenizer = await read(opened.body).catch(async (error: unknown) => {
      // The cached copy is damaged, cut off or unreadable; the registry has the whole blob.
      if (from !== 'cache') throw error;
      from = 'registry';
      if (error instanceof CorruptBlobError) await blobs.drop(digest).catch(() => undefined);
      return await read((await blobs.openRegistry(digest)).body);
    });
    log('tokenizer-loaded', { digest, bytes, from });
    if (from === 'registry') {
      await blobs.keep(digest).catch((error: unknown) => log('blob-not-cached', { digest, error: String(error) }));
    }
    return tokenizer;
  }

  #makeRoom({ bytes }: Artifact, what: string): void {
    const { roomBytes } = this.#options;
    this.giveUp(bytes - roomBytes());
    if (bytes <= roomBytes()) return;
    throw new PopserveError(
      'UNAVAILABLE',
      `the tokenizer of ${what} takes ${mebibytes(bytes)}, and models and requests leave ${mebibytes(Math.max(0, roomBytes()))}`,
      { retryAfterSeconds: 1 },
    );
  }
}

function failureOf(error: unknown, what: string): PopserveError {
  const options = { retryAfterSeconds: retryMs / 1000, cause: error };
  const reason = error instanceof PopserveError ? error.message : 'its bytes cannot be read';
  return new PopserveError('UNAVAILABLE', `the tokenizer of ${what} failed to load: ${reason}`, options);
}

function sizeOf({ ids, typeIds, offsets, special }: Encoding): number {
  return ids.byteLength + typeIds.byteLength + offsets.byteLength + special.byteLength;
}

/** Bytes of a text in UTF-8, where half of a surrogate pair becomes U+FFFD. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair is two units and four bytes.
    if ((text.codePointAt(index) ?? 0) > 0xffff) index += 1;
  }
  return bytes;
}
