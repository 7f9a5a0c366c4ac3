// A map for keys that callers choose: it never holds more than it may, so that nobody can fill an isolate's memory with names.

/** Drops the entry that was set longest ago when a new one finds no room. Reading an entry does not keep it. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #most: number;
  readonly #dropped: (value: Value) => void;

  /**
   * @param most how many entries it holds, at least 1
   * @param dropped told of a value that made room, not of one that was deleted or replaced
   */
  constructor(most: number, dropped: (value: Value) => void = () => undefined) {
    super();
    this.#most = most;
    this.#dropped = dropped;
  }

  /** Sets an entry as the newest, whether the key is new or not. */
  override set(key: Key, value: Value): this {
    this.delete(key);
    if (this.size >= this.#most) this.#dropOldest();
    return super.set(key, value);
  }

  #dropOldest(): void {
    const [oldest] = this;
    if (oldest === undefined) return;
    this.delete(oldest[0]);
    this.#dropped(oldest[1]);
  }
}
