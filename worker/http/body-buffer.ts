// A body as it arrives: one buffer that grows, and gives the smaller one back at once, so that a body is never held twice.

import { freeBytes } from '../runtime/free-bytes.ts';

/** Where the bytes of a body are counted before they are taken. */
export interface BodyRoom {
  /** @throws PopserveError when they do not fit */
  take(bytes: number): void;
  give(bytes: number): void;
}

const firstBytes = 65_536;
/** When a body's length is known, a sixteenth of it has come before the whole is taken, so growing holds a sixteenth more. */
const knownFactor = 16;
const unknownFactor = 2;

export class BodyBuffer {
  readonly #room: BodyRoom;
  readonly #mostBytes: number;
  readonly #factor: number;
  #bytes = new Uint8Array();
  #length = 0;

  /**
   * @param expectedBytes null if it is not known
   * @param maxBytes the caller checks that no more comes
   */
  constructor(room: BodyRoom, expectedBytes: number | null, maxBytes: number) {
    this.#room = room;
    this.#mostBytes = expectedBytes ?? maxBytes;
    this.#factor = expectedBytes === null ? unknownFactor : knownFactor;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws PopserveError what the room throws */
  append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** @returns what came; the buffer behind it may be larger */
  whole(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Frees what came, of a body that was refused. Its room is given back by whoever took it. */
  free(): void {
    freeBytes(this.#bytes);
  }

  #grow(neededBytes: number): void {
    const wanted = Math.min(Math.max(firstBytes, this.#factor * this.#bytes.length), this.#mostBytes);
    const size = Math.max(neededBytes, wanted);
    this.#room.take(size);
    const grown = new Uint8Array(size);
    grown.set(this.#bytes.subarray(0, this.#length));
    const left = this.#bytes;
    this.#bytes = grown;
    this.#room.give(left.length);
    freeBytes(left);
  }
}
