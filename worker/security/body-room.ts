// Limits the bytes of request bodies that an isolate holds at once. Each body has its own limit; this one is for all together.
import { PopserveError } from '../../registry/errors.ts';

export class BodyRoom {
  readonly #maxBytes: number;
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws {PopserveError} UNAVAILABLE when the bytes do not fit; room comes free as other requests end */
  take(bytes: number): void {
    const held = this.#heldBytes + bytes;
    if (held > this.#maxBytes) {
      throw new PopserveError(
        'UNAVAILABLE',
        `the bodies of requests being answered here have ${this.#heldBytes} bytes, this one brings ${bytes}, the limit for all is ${this.#maxBytes}`,
        { retryAfterSeconds: 1 },
      );
    }
    this.#heldBytes = held;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

/** The bytes that one request holds; they are given back together when it ends. */
export class HeldBody {
  readonly #room: BodyRoom;
  #bytes = 0;

  constructor(room: BodyRoom) {
    this.#room = room;
  }

  /** @throws {PopserveError} UNAVAILABLE when the bytes do not fit */
  take(bytes: number): void {
    this.#room.take(bytes);
    this.#bytes += bytes;
  }

  release(): void {
    this.#room.give(this.#bytes);
    this.#bytes = 0;
  }
}
