// A heap that is started before anybody asks for it: while the script is evaluated, which the platform does during the TLS handshake
// of the first request, in a time of its own.
import { Heap } from './heap.ts';

export class EarlyHeap {
  readonly budgetBytes: number;
  #roomBytes: (wantedBytes: number) => number = () => this.budgetBytes;
  readonly #starting: Promise<Heap | null>;

  /** @param budgetBytes the memory grows to at most this */
  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes;
    const roomBytes = (wantedBytes: number) => this.#roomBytes(wantedBytes);
    // Whoever needs a heap starts one then, and hears why it does not start.
    this.#starting = Heap.create(budgetBytes, { maximumBytes: budgetBytes, roomBytes }).catch(() => null);
  }

  /**
   * @param roomBytes how large the memory may be now, asked whenever it is to grow
   * @returns null if it did not start
   */
  async take(roomBytes: (wantedBytes: number) => number): Promise<Heap | null> {
    this.#roomBytes = roomBytes;
    return await this.#starting;
  }
}
