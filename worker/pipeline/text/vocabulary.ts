// A vocabulary as a trie over UTF-8 in three flat arrays: nothing is made of it when it is loaded, and it takes the bytes that it has.
// Nodes are numbered by depth, so that the children of one lie side by side: those of node n are firsts[n] to firsts[n + 1] - 1.

/** The number of no node and of no token. */
export const none = -1;

export class Vocabulary {
  /** The node of the empty string. */
  readonly root = 0;
  /** The byte that leads to each node; those of one parent ascend. */
  readonly #labels: Uint8Array;
  /** The first child of each node, and the number of nodes at the end. */
  readonly #firsts: Uint32Array;
  /** The id of the token that ends at each node, or -1. */
  readonly #ids: Int32Array;

  constructor(labels: Uint8Array, firsts: Uint32Array, ids: Int32Array) {
    this.#labels = labels;
    this.#firsts = firsts;
    this.#ids = ids;
  }

  /** @returns the id of the token that ends here, or -1 */
  id(node: number): number {
    return this.#ids[node] ?? none;
  }

  /** @returns the node that a code point leads to, or -1 */
  step(node: number, code: number): number {
    if (code < 0x80) return this.child(node, code);
    if (code < 0x800) return this.child(this.child(node, 0xc0 | (code >> 6)), 0x80 | (code & 0x3f));
    let next: number;
    if (code < 0x10000) {
      next = this.child(node, 0xe0 | (code >> 12));
    } else {
      next = this.child(this.child(node, 0xf0 | (code >> 18)), 0x80 | ((code >> 12) & 0x3f));
    }
    return this.child(this.child(next, 0x80 | ((code >> 6) & 0x3f)), 0x80 | (code & 0x3f));
  }

  /** @returns the node that a byte leads to, or -1; -1 for node -1 */
  child(node: number, byte: number): number {
    if (node < 0) return none;
    let low = this.#firsts[node] ?? 0;
    let high = this.#firsts[node + 1] ?? 0;
    while (high - low > 8) {
      const middle = (low + high) >> 1;
      if ((this.#labels[middle] ?? 0) <= byte) low = middle;
      else high = middle;
    }
    for (; low < high; low += 1) if (this.#labels[low] === byte) return low;
    return none;
  }

  /** @returns the id of the token that is written as the code points from `from` to before `to`, or -1 */
  findCodes(codes: Int32Array, from: number, to: number): number {
    let node = this.root;
    for (let index = from; index < to && node !== none; index += 1) node = this.step(node, codes[index] ?? 0);
    return node === none ? none : this.id(node);
  }

  /** @returns the id of a whole token, or -1 */
  find(token: string): number {
    let node = this.root;
    for (const character of token) node = this.step(node, character.codePointAt(0) ?? 0);
    return node < 0 ? none : this.id(node);
  }
}
