// The heads of the last requests of each version. Bounded, and of no use to a caller who does not send the same bytes.
import type { Manifest } from '../../registry/manifest.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { Admit } from './check-inputs.ts';
import type { DecodeLimits, InferRequest } from './infer-request.ts';
import type { KnownHead } from './known-head.ts';

/** Callers that differ in more than their elements: their language's client, the outputs that they ask for. */
const mostHeads = 4;
/** What is made of a head takes a few times its bytes. */
const bytesPerByte = 8;
const bytesPerHead = 1024;
const mostBytes = mebibyte / 2;

export class KnownHeads {
  /** The newest first. A manifest that is read again is another object, and its heads are learnt again. */
  #heads = new WeakMap<Manifest, KnownHead[]>();
  #heldBytes = 0;

  /** Bytes that the heads take, at most. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * @param admit called before memory is taken for elements that are JSON
   * @returns null for a body whose head is not known
   * @throws {PopserveError} as {@link KnownHead.read}
   */
  read(
    manifest: Manifest,
    { body, headerLength }: { readonly body: Uint8Array; readonly headerLength: string | null },
    limits: DecodeLimits,
    admit: Admit,
  ): InferRequest | null {
    const heads = this.#heads.get(manifest);
    if (heads === undefined) return null;
    for (const head of heads) {
      const request = head.read(body, headerLength, limits, admit);
      if (request !== null) return request;
    }
    return null;
  }

  /** Remembers the head of a request that was answered. */
  keep(head: KnownHead): void {
    const bytes = bytesPerHead + bytesPerByte * head.byteLength;
    if (this.#heldBytes + bytes > mostBytes) this.#forgetAll();
    const heads = this.#heads.get(head.manifest) ?? [];
    if (heads.length === mostHeads) this.#heldBytes -= bytesPerHead + bytesPerByte * (heads.pop()?.byteLength ?? 0);
    this.#heads.set(head.manifest, [head, ...heads]);
    this.#heldBytes += bytes;
  }

  /** Those of versions that are gone count until then. */
  #forgetAll(): void {
    this.#heads = new WeakMap();
    this.#heldBytes = 0;
  }
}
