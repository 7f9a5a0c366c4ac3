// A heap that is started before anybody asks for it: while the script is evaluated, which the platform does during the TLS handshake
// of the first request, in a time of its own.
import { Heap } from './heap.ts';

export class EarlyHeap {
  readonly budgetBytes: number;
  #roomBytes: () => number = () => this.budgetBytes;
  readonly #starting: Promise<Heap | null>;

  /** @param budgetBytes the memory grows to at most this */
  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes;
    const roomBytes = () => this.#roomBytes();
    // Whoever needs a heap starts one then, and hears why it does not start.
    this.#starting = Heap.create(budgetBytes, { maximumBytes: budgetBytes, roomBytes }).catch(() => null);
  }

  /**
   * @param roomBytes how large the memory may be now, asked whenever it is to grow
   * @returns null if it did not start
   */
  async take(roomBytes: () => number): Promise<Heap | null> {
    this.#roomBytes = roomBytes;
    return await this.#starting;
  }
}
