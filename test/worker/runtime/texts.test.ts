// Tokenizers in an isolate: loaded once, verified, counted, given up. The blobs and the memory are the test's.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import { tokenizerArtifact } from '../../../scripts/publish/pipeline/tokenizer.ts';
import type { BlobSource, OpenBlob } from '../../../worker/runtime/blob-source.ts';
import { Ledger } from '../../../worker/runtime/ledger.ts';
import { Texts } from '../../../worker/runtime/texts.ts';
import { sha256 } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { bertTokenizer, bertVocabulary } from '../../harness/tokenizers/bert.ts';

const options = { maxLength: null, addSpecialTokens: true };
const { bytes } = tokenizerArtifact(bertTokenizer(), null, null);
const other = tokenizerArtifact(
  bertTokenizer({ padding: { direction: 'Left', pad_id: 0, pad_type_id: 0 } }),
  null,
  null,
).bytes;

function manifestOf(artifact: Uint8Array): Manifest {
  const { manifest } = adder('words', '1', 1);
  const tokenizer = { digest: sha256(artifact), bytes: artifact.length };
  return { ...manifest, artifacts: { ...manifest.artifacts, tokenizer } };
}

/** A registry and a cache in memory, and the isolate's room. */
class World {
  readonly events: string[] = [];
  readonly opened: string[] = [];
  readonly kept: string[] = [];
  readonly registry = new Map<string, Uint8Array>();
  readonly cache = new Map<string, Uint8Array>();
  readonly pending: Promise<unknown>[] = [];
  /** Reads wait for ever while it is set. */
  held = false;
  roomBytes = 10_000_000;

  readonly blobs: BlobSource = {
    open: async (digest) => {
      const cached = this.cache.get(digest);
      return cached ? this.#blob(cached, 'cache') : await this.blobs.openRegistry(digest);
    },
    openRegistry: async (digest) => this.#blob(this.registry.get(digest) ?? new Uint8Array(), 'registry'),
    keep: async (digest) => {
      this.kept.push(digest);
    },
    drop: async (digest) => {
      this.cache.delete(digest);
    },
  };

  readonly texts = new Texts({
    blobs: this.blobs,
    maxTextBytes: 1000,
    roomBytes: () => this.roomBytes - this.texts.heldBytes,
    log: (event) => this.events.push(event),
  });

  readonly ledger: Ledger = new Ledger({
    totalBytes: 20_000_000,
    baseBytes: 0,
    controlBytes: 0,
    heapBytes: () => 0,
    keptBytes: () => this.texts.heldBytes,
    giveUp: (missing) => this.texts.giveUp(missing),
  });

  async encode(manifest: Manifest, ...texts: string[]) {
    const scope = { waitUntil: (promise: Promise<unknown>) => void this.pending.push(promise) };
    const account = this.ledger.open(null);
    return await this.texts.encode(manifest, texts, options, { account, scope }).finally(() => account.close());
  }

  #blob(content: Uint8Array, from: OpenBlob['from']): OpenBlob {
    this.opened.push(from);
    let place = 0;
    const reader = {
      readAtLeast: async (_: number, view: Uint8Array) => {
        if (this.held) await new Promise(() => undefined);
        const piece = content.subarray(place, place + view.length);
        place += piece.length;
        view.set(piece);
        return { done: piece.length === 0, value: view.subarray(0, piece.length) };
      },
      cancel: async () => undefined,
    };
    return { body: { getReader: () => reader } as unknown as ReadableStream<Uint8Array>, from };
  }
}

let world: World;
const manifest = manifestOf(bytes);
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
  for (const content of [bytes, other]) world.registry.set(sha256(content), content);
});
afterEach(() => vi.useRealTimers());

describe('a tokenizer', () => {
  test('is loaded once for all who wait, kept near, and used again', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.encode(manifest, 'the pump')));
    const ids = bertVocabulary();
    expect([...(answers[9]?.encodings[0]?.ids ?? [])]).toEqual([ids['[CLS]'], ids.the, ids.pump, ids['[SEP]']]);
    await world.encode(manifest, 'again');
    await Promise.all(world.pending);
    expect([world.opened, world.kept, world.events]).toEqual([['registry'], [sha256(bytes)], ['tokenizer-loaded']]);
    expect(world.texts.heldBytes).toBe(bytes.length);
  });

  test('whose cached copy is damaged comes from the registry, and the copy goes', async () => {
    world.cache.set(
      sha256(bytes),
      bytes.map((byte, index) => (index === 40 ? byte + 1 : byte)),
    );
    expect((await world.encode(manifest, 'is')).encodings[0]?.ids).toHaveLength(3);
    expect([world.opened, world.cache.size]).toEqual([['cache', 'registry'], 0]);
  });

  test.each([
    ['is cut off', bytes.subarray(0, 500), `500 of ${bytes.length} bytes came`],
    ['is longer', Buffer.concat([bytes, Buffer.alloc(9)]), 'more than'],
    ['has another digest', bytes.map((byte) => byte ^ 1), 'the bytes that came have'],
  ])('that %s is refused with 503, and read again only after ten seconds', async (_, content, reason) => {
    world.registry.set(sha256(bytes), content);
    const failure = expect.objectContaining({
      status: 503,
      retryAfterSeconds: 10,
      message: expect.stringContaining(reason),
    });
    await expect(world.encode(manifest, 'x')).rejects.toEqual(failure);
    await expect(world.encode(manifest, 'x')).rejects.toEqual(failure);
    expect([world.opened, world.texts.heldBytes]).toEqual([['registry'], 0]);
    world.registry.set(sha256(bytes), bytes);
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await world.encode(manifest, 'x')).encodings).toHaveLength(1);
  });

  test('that is none of this format, though its digest is right, is refused with 503', async () => {
    const junk = new TextEncoder().encode('popstok1 and nothing else that would make sense');
    world.registry.set(sha256(junk), junk);
    await expect(world.encode(manifestOf(junk), 'x')).rejects.toMatchObject({
      status: 503,
      message: expect.stringMatching(/^the tokenizer of words 1 failed to load: tokenizer: the header ends at/),
    });
  });

  test('whose load stands still for ten seconds is loaded by who waits for it', async () => {
    world.held = true;
    const answer = world.encode(manifest, 'the');
    await vi.advanceTimersByTimeAsync(9_000);
    world.held = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await answer).encodings).toHaveLength(1);
    expect(world.opened).toHaveLength(2);
  });

  test('gives way to another, the one used longest ago first', async () => {
    world.roomBytes = bytes.length + other.length;
    await world.encode(manifest, 'the');
    await world.encode(manifestOf(other), 'the');
    world.roomBytes = bytes.length + 200;
    await world.encode(manifest, 'the');
    expect([world.opened.length, world.texts.heldBytes]).toEqual([2, bytes.length + other.length]);
    world.texts.giveUp(1);
    expect(world.texts.heldBytes).toBe(bytes.length);
  });

  test('is given up for a request that needs its memory, not for one that fits', async () => {
    await world.encode(manifest, 'the');
    const account = world.ledger.openControl();
    account.take('bodies', 20_000_000 - bytes.length);
    expect(world.texts.heldBytes).toBe(bytes.length);
    account.take('bodies', 1);
    expect(world.texts.heldBytes).toBe(0);
  });

  test('is given up for the heap', async () => {
    await world.encode(manifest, 'the');
    expect(world.ledger.heapRoom(20_000_000 - bytes.length)).toBe(20_000_000 - bytes.length);
    expect(world.texts.heldBytes).toBe(bytes.length);
    expect(world.ledger.heapRoom(20_000_000)).toBe(20_000_000);
    expect(world.events).toEqual(['tokenizer-loaded', 'tokenizer-unloaded']);
  });

  test('that does not fit into what is left is refused with the numbers', async () => {
    world.roomBytes = 1000;
    await expect(world.encode(manifest, 'the')).rejects.toMatchObject({
      status: 503,
      message: 'the tokenizer of words 1 takes 0.0 MiB, and models and requests leave 0.0 MiB',
    });
    world.roomBytes = 10_000_000;
    expect((await world.encode(manifest, 'the')).encodings).toHaveLength(1);
  });
});

test('texts are counted in bytes of UTF-8 before they are tokenised', async () => {
  const fits = ['é'.repeat(200), '字'.repeat(100), '👍'.repeat(50), 'a'.repeat(97), '\ud800'];
  expect((await world.encode(manifest, ...fits)).encodings).toHaveLength(5);
  await expect(world.encode(manifest, ...fits, 'a')).rejects.toMatchObject({
    status: 413,
    message: 'tokenise: the 6 texts have 1001 bytes of UTF-8, the limit is 1000 for a request; send less at once',
  });
});
