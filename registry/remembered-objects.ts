// Objects of R2 that never change once they are there, such as routes and records of the audit: read once, then from memory. Lists
// tell the etag of each object, so an object that somebody replaced by hand is read again.
import type { R2Bucket } from '@cloudflare/workers-types';
import { mebibyte } from './mebibytes.ts';

/** Characters of all texts together. */
const mostCharacters = mebibyte / 2;
/** A Worker has six connections at a time: more reads at once would only wait. */
const readAtOnce = 6;

interface Remembered {
  readonly etag: string;
  readonly text: string;
}

export class RememberedObjects {
  readonly #bucket: R2Bucket;
  readonly #kept = new Map<string, Remembered>();
  #characters = 0;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  /** Memory that the texts take: two bytes a character at most. */
  get heldBytes(): number {
    return this.#characters * 2;
  }

  /**
   * The texts of objects as a list has told of them, in its order.
   * @param onRead told how many had to be read
   * @returns null for an object that has gone since
   */
  async readAll(
    objects: readonly { readonly key: string; readonly etag: string }[],
    onRead: (count: number) => void = () => undefined,
  ): Promise<(string | null)[]> {
    const texts: (string | null | undefined)[] = objects.map((object) => this.#recall(object));
    const missing = objects.flatMap((object, at) => (texts[at] === undefined ? [{ object, at }] : []));
    onRead(missing.length);
    for (let start = 0; start < missing.length; start += readAtOnce) {
      const group = missing.slice(start, start + readAtOnce);
      await Promise.all(
        group.map(async ({ object, at }) => {
          texts[at] = await this.#read(object.key);
        }),
      );
    }
    return texts.map((text) => text ?? null);
  }

  /** The same of one object. */
  async read(object: { readonly key: string; readonly etag: string }): Promise<string | null> {
    return this.#recall(object) ?? (await this.#read(object.key));
  }

  #recall({ key, etag }: { readonly key: string; readonly etag: string }): string | undefined {
    const known = this.#kept.get(key);
    if (known?.etag !== etag) return undefined;
    // The ones that were used last are kept.
    this.#kept.delete(key);
    this.#kept.set(key, known);
    return known.text;
  }

  async #read(key: string): Promise<string | null> {
    const object = await this.#bucket.get(key);
    if (object === null) return null;
    const text = await object.text();
    this.#keep(key, { etag: object.etag, text });
    return text;
  }

  #keep(key: string, remembered: Remembered): void {
    this.#drop(key);
    this.#kept.set(key, remembered);
    this.#characters += remembered.text.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#characters <= mostCharacters) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const known = this.#kept.get(key);
    if (known === undefined) return;
    this.#kept.delete(key);
    this.#characters -= known.text.length;
  }
}
