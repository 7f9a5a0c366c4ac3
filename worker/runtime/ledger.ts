// The one account of an isolate's memory: the heap, what requests hold, and what the isolate takes by itself. Who asks for more than
// is left is refused before the memory is taken. What a request does with its bytes is not its business.
import { PopserveError } from '../../registry/errors.ts';
import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';

/**
 * `bodies`: as they arrive and inflated. `decoded`: tensors that are no views on a body. `answers`: being made and being sent.
 * `shadows`: requests and answers that a candidate is still to be compared on. `control`: all of the control plane's.
 */
export const purposes = ['bodies', 'decoded', 'answers', 'shadows', 'control'] as const;
export type Purpose = (typeof purposes)[number];

export interface LedgerOptions {
  /** Memory that the isolate may take in all. */
  readonly totalBytes: number;
  /** Memory that it takes without a request and without a heap. */
  readonly baseBytes: number;
  /** Memory that only the control plane may take, so that a rollback is possible whatever the data plane holds. */
  readonly controlBytes: number;
  /** Memory that the heap has taken or that was promised to versions; asked at each decision. */
  readonly heapBytes: () => number;
  /** Memory kept between requests, beside the base; asked likewise. */
  readonly keptBytes: () => number;
  /** Gives up so much of what is kept, as far as it can. Asked before a request or the heap does without. */
  readonly giveUp?: (bytes: number) => void;
  readonly now?: () => number;
}

export interface LedgerState {
  readonly totalBytes: number;
  readonly baseBytes: number;
  readonly keptBytes: number;
  readonly roomBytes: number;
  readonly held: Readonly<Record<Purpose, number>>;
}

/** A large request leaves this much to small ones: each leaves as much as it holds itself, up to this. */
const leftBytes = mebibyte;

/** No request lives as long: whoever holds more was cancelled by the platform before it could give anything back. */
const abandonedMs = 120_000;

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #now: () => number;
  readonly #held: Record<Purpose, number> = { bodies: 0, decoded: 0, answers: 0, shadows: 0, control: 0 };
  readonly #byCaller = new Map<string, number>();
  /** Accounts that hold something, by when they last took. */
  readonly #holders = new Map<Account, number>();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @param caller who is not to hold more than a share; null where callers cannot be told apart */
  open(caller: string | null): Account {
    return new Account(this, caller, false);
  }

  openControl(): Account {
    return new Account(this, null, true);
  }

  /** Memory left for requests; below 0 where the heap was promised what requests still hold. */
  room(): number {
    return this.#leftBytes() - this.#options.heapBytes();
  }

  /**
   * The size up to which the heap and its discarded predecessors may grow now.
   * @param wantedBytes what is kept is given up for it, as far as it helps
   */
  heapRoom(wantedBytes = 0): number {
    const room = () => this.#leftBytes() - this.#controlRest();
    if (room() < wantedBytes) this.#options.giveUp?.(wantedBytes - room());
    return room();
  }

  /** Bytes held by purpose, and what is left. */
  state(): LedgerState {
    const { totalBytes, baseBytes, keptBytes } = this.#options;
    return { totalBytes, baseBytes, keptBytes: keptBytes(), roomBytes: this.room(), held: { ...this.#held } };
  }

  /**
   * Called by {@link Account}.
   * @throws {PopserveError} UNAVAILABLE when the bytes do not fit; RATE_LIMITED when the caller's other requests hold its share
   */
  take(account: Account, purpose: Purpose, bytes: number): void {
    if (this.#missing(account, bytes) > 0) this.#dropAbandoned();
    const missing = this.#missing(account, bytes);
    if (missing > 0) this.#options.giveUp?.(missing);
    if (this.#missing(account, bytes) > 0) throw this.#noRoom(bytes);
    this.#checkShare(account, bytes);
    this.add(account, purpose, bytes);
  }

  /** Called by {@link Account} where nothing is to be refused. */
  add(account: Account, purpose: Purpose, bytes: number): void {
    this.#held[account.isControl ? 'control' : purpose] += bytes;
    const { caller } = account;
    if (caller !== null) {
      const held = (this.#byCaller.get(caller) ?? 0) + bytes;
      if (held > 0) this.#byCaller.set(caller, held);
      else this.#byCaller.delete(caller);
    }
    if (account.heldBytes + bytes > 0) this.#holders.set(account, this.#now());
    else this.#holders.delete(account);
  }

  /** @returns how many bytes are missing, or at most 0 */
  #missing(account: Account, bytes: number): number {
    const kept = account.isControl ? 0 : this.#controlRest() + Math.min(account.heldBytes + bytes, leftBytes);
    return bytes + kept - this.room();
  }

  /** One request alone may be as large as any: it is several together that are limited. */
  #checkShare({ caller, heldBytes }: Account, bytes: number): void {
    if (caller === null) return;
    const held = this.#byCaller.get(caller) ?? 0;
    if (held <= heldBytes) return;
    const share = (this.room() + this.#heldBytes()) / 2;
    if (held + bytes <= share) return;
    throw new PopserveError(
      'RATE_LIMITED',
      `your requests being answered here hold ${mebibytes(held, 2)} and this one asks for ${mebibytes(bytes, 2)} more; one caller may hold ${mebibytes(share, 2)}`,
      { retryAfterSeconds: 1 },
    );
  }

  #noRoom(bytes: number): PopserveError {
    return new PopserveError(
      'UNAVAILABLE',
      `this request asks for ${mebibytes(bytes, 2)} of memory; the others being answered here hold ${mebibytes(this.#heldBytes(), 2)} and leave ${mebibytes(Math.max(0, this.room()), 2)}, a part of which is kept for smaller requests`,
      { retryAfterSeconds: 1 },
    );
  }

  #dropAbandoned(): void {
    const before = this.#now() - abandonedMs;
    for (const [account, tookAtMs] of this.#holders) if (tookAtMs < before) account.close();
  }

  /** For the heap and for more requests. */
  #leftBytes(): number {
    const { totalBytes, baseBytes, keptBytes } = this.#options;
    return totalBytes - baseBytes - keptBytes() - this.#heldBytes();
  }

  #controlRest(): number {
    return Math.max(0, this.#options.controlBytes - this.#held.control);
  }

  #heldBytes(): number {
    const { bodies, decoded, answers, shadows, control } = this.#held;
    return bodies + decoded + answers + shadows + control;
  }
}

/** The memory that one request holds. */
export class Account {
  readonly caller: string | null;
  readonly isControl: boolean;
  readonly #ledger: Ledger;
  readonly #held: Record<Purpose, number> = { bodies: 0, decoded: 0, answers: 0, shadows: 0, control: 0 };
  #heldBytes = 0;
  #wasRefused = false;

  constructor(ledger: Ledger, caller: string | null, isControl: boolean) {
    this.#ledger = ledger;
    this.caller = caller;
    this.isControl = isControl;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  held(purpose: Purpose): number {
    return this.#held[purpose];
  }

  /** Whether what it asked for last was refused. */
  get wasRefused(): boolean {
    return this.#wasRefused;
  }

  /** @throws {PopserveError} UNAVAILABLE when the bytes do not fit; RATE_LIMITED when the caller's other requests hold its share */
  take(purpose: Purpose, bytes: number): void {
    this.#wasRefused = true;
    this.#ledger.take(this, purpose, bytes);
    this.#wasRefused = false;
    this.#count(purpose, bytes);
  }

  /** @returns whether it was taken */
  tryTake(purpose: Purpose, bytes: number): boolean {
    try {
      this.take(purpose, bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** @param bytes default: all that is held for the purpose */
  give(purpose: Purpose, bytes: number = this.#held[purpose]): void {
    const given = Math.min(bytes, this.#held[purpose]);
    if (given === 0) return;
    this.#ledger.add(this, purpose, -given);
    this.#count(purpose, -given);
  }

  /** Moves all that is held for one purpose to another. */
  move(from: Purpose, to: Purpose): void {
    const bytes = this.#held[from];
    this.give(from);
    this.#ledger.add(this, to, bytes);
    this.#count(to, bytes);
  }

  /** Gives everything back. */
  close(): void {
    if (this.#heldBytes === 0) return;
    for (const purpose of purposes) this.give(purpose);
  }

  #count(purpose: Purpose, bytes: number): void {
    this.#held[purpose] += bytes;
    this.#heldBytes += bytes;
  }
}
