// The bytes of request bodies that an isolate holds at once: each body has its limit, and all together have one.
import { PopserveError } from '../../registry/errors.ts';

export class BodyRoom {
  readonly #maxBytes: number;
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws PopserveError UNAVAILABLE if there is no room for so many more bytes; it comes free as other requests end */
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

/** What one request takes of the room, to be given back as a whole when it ends. */
export class HeldBody {
  readonly #room: BodyRoom;
  #bytes = 0;

  constructor(room: BodyRoom) {
    this.#room = room;
  }

  /** @throws PopserveError UNAVAILABLE */
  take(bytes: number): void {
    this.#room.take(bytes);
    this.#bytes += bytes;
  }

  release(): void {
    this.#room.give(this.#bytes);
    this.#bytes = 0;
  }
}
