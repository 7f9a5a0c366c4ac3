// Counts by version, side of a rollout and caller in the tables of a model's Durable Object: all of them by epoch, which guards and
// metrics read, and the latest by PoP in slots of time, which people read.
import type { SqlStorage } from '@cloudflare/workers-types';
import { type CallerCounts, mergeCallers, packCallers, unpackCallers } from './drift/caller-counts.ts';
import type { EpochRange } from './kept-epochs.ts';
import type { Side } from './sides.ts';

/** What was counted of one version, side and bucket of callers. */
export interface SideDelta {
  readonly version: string;
  readonly epoch: number;
  readonly side: Side;
  /** See drift/caller-bucket.ts. */
  readonly bucket: number;
  readonly counts: Float64Array;
}

/** Of one version and side, by caller. */
export interface Counted {
  readonly version: string;
  readonly side: Side;
  readonly callers: readonly CallerCounts[];
}

export interface CountedAt extends Counted {
  readonly pop: string;
}

interface Packed extends Record<string, string | number | ArrayBuffer> {
  version: string;
  side: string;
  counts: ArrayBuffer;
}

export interface SideCountsOptions {
  /** Of the table; `_recent` behind it is that of the slots. */
  readonly table: 'latency' | 'feedback';
  readonly slotMs: number;
  /** The slots that are told beside the open one. */
  readonly toldSlots: number;
  /** How much a caller weighs by its counts. */
  readonly rowsOf: (counts: Float64Array) => number;
}

export class SideCounts {
  readonly #options: SideCountsOptions;

  constructor(options: SideCountsOptions) {
    this.#options = options;
  }

  /** @param keptAs the epoch under which the counts of an epoch are added */
  add(sql: SqlStorage, deltas: readonly SideDelta[], keptAs: (epoch: number) => number): void {
    const groups = Map.groupBy(deltas, ({ version, side, epoch }) => `${version} ${side} ${keptAs(epoch)}`);
    for (const own of groups.values()) {
      const [first] = own;
      if (first === undefined) continue;
      const { version, side } = first;
      const epoch = keptAs(first.epoch);
      const known = this.#read(sql, '', 'WHERE version = ? AND epoch = ? AND side = ?', [version, epoch, side]);
      this.#put(sql, version, epoch, side, mergeCallers(this.#callersOf(own), known.flatMap(unpack)));
    }
  }

  /** Adds to the open slot of a PoP, and drops the slots that are not told any more. */
  addRecent(sql: SqlStorage, deltas: readonly SideDelta[], pop: string, atMs: number): void {
    const { table } = this.#options;
    sql.exec(`DELETE FROM ${table}_recent WHERE from_ms < ?`, this.#oldestTold(atMs));
    const fromMs = this.#slotOf(atMs);
    for (const own of Map.groupBy(deltas, ({ version, side }) => `${version} ${side}`).values()) {
      const [first] = own;
      if (first === undefined) continue;
      const { version, side } = first;
      const where = 'WHERE from_ms = ? AND version = ? AND pop = ? AND side = ?';
      const known = this.#read(sql, '_recent', where, [fromMs, version, pop, side]);
      sql.exec(
        `INSERT INTO ${table}_recent (from_ms, version, pop, side, counts) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET counts = excluded.counts`,
        ...[fromMs, version, pop, side, pack(mergeCallers(this.#callersOf(own), known.flatMap(unpack)))],
      );
    }
  }

  /** Merges the rows of a range of epochs into one. */
  fold(sql: SqlStorage, { from, to, into }: EpochRange): void {
    const where = 'WHERE epoch BETWEEN ? AND ? OR epoch = ?';
    const rows = this.#read(sql, '', where, [from, to, into]);
    if (rows.length === 0) return;
    sql.exec(`DELETE FROM ${this.#options.table} ${where}`, from, to, into);
    for (const { version, side, callers } of merged(rows)) this.#put(sql, version, into, side, callers);
  }

  forget(sql: SqlStorage, { versions, beforeMs }: { versions: readonly string[]; beforeMs: number }): void {
    const { table } = this.#options;
    for (const version of versions) {
      sql.exec(`DELETE FROM ${table} WHERE version = ?`, version);
      sql.exec(`DELETE FROM ${table}_recent WHERE version = ?`, version);
    }
    sql.exec(`DELETE FROM ${table}_recent WHERE from_ms < ?`, beforeMs);
  }

  /** Of a version and side under this epoch and later ones. */
  since(sql: SqlStorage, version: string, side: Side, epoch: number): CallerCounts[] {
    const where = 'WHERE version = ? AND epoch >= ? AND side = ?';
    return mergeCallers(this.#read(sql, '', where, [version, epoch, side]).flatMap(unpack));
  }

  /** Of all time. */
  totals(sql: SqlStorage): Counted[] {
    return merged(this.#read(sql, '', 'ORDER BY version, side'));
  }

  /** Of the latest slots; `fromMs` is where they begin. */
  recent(sql: SqlStorage, nowMs: number): { fromMs: number; counted: CountedAt[] } {
    const fromMs = this.#oldestTold(nowMs);
    const rows = sql
      .exec<Packed & { pop: string }>(
        `SELECT version, side, pop, counts FROM ${this.#options.table}_recent WHERE from_ms >= ?
          ORDER BY version, side, pop`,
        fromMs,
      )
      .toArray();
    const byPop = Map.groupBy(rows, ({ pop }) => pop);
    return { fromMs, counted: [...byPop].flatMap(([pop, own]) => merged(own).map((each) => ({ ...each, pop }))) };
  }

  #read(sql: SqlStorage, suffix: '' | '_recent', where: string, values: readonly (string | number)[] = []): Packed[] {
    const query = `SELECT version, side, counts FROM ${this.#options.table}${suffix} ${where}`;
    return sql.exec<Packed>(query, ...[...values]).toArray();
  }

  #put(sql: SqlStorage, version: string, epoch: number, side: string, callers: readonly CallerCounts[]): void {
    sql.exec(
      `INSERT INTO ${this.#options.table} (version, epoch, side, counts) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET counts = excluded.counts`,
      ...[version, epoch, side, pack(callers)],
    );
  }

  #callersOf(deltas: readonly SideDelta[]): CallerCounts[] {
    return deltas.map(({ bucket, counts }) => ({ bucket, rows: this.#options.rowsOf(counts), counts }));
  }

  #slotOf(atMs: number): number {
    return atMs - (atMs % this.#options.slotMs);
  }

  #oldestTold(nowMs: number): number {
    const { slotMs, toldSlots } = this.#options;
    return Math.max(0, this.#slotOf(nowMs) - toldSlots * slotMs);
  }
}

/** Counts by PoP, over all PoPs: each version and side once. */
export function overPops(counted: readonly CountedAt[]): Counted[] {
  const groups = Map.groupBy(counted, ({ version, side }) => `${version} ${side}`);
  return [...groups.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const { version, side } = first;
    return [{ version, side, callers: mergeCallers(own.flatMap(({ callers }) => callers)) }];
  });
}

/** The same version and side in one entry each. */
function merged(rows: readonly Packed[]): Counted[] {
  const groups = Map.groupBy(rows, ({ version, side }) => `${version} ${side}`);
  return [...groups.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const callers = mergeCallers(own.flatMap(unpack));
    return [{ version: first.version, side: first.side as Side, callers }];
  });
}

function pack(callers: readonly CallerCounts[]): ArrayBuffer {
  return packCallers(callers).buffer as ArrayBuffer;
}

/** Every count has a bucket here, so nothing is left over for an unnamed one. */
function unpack({ counts }: Packed): CallerCounts[] {
  return unpackCallers(new Float64Array(counts), 0);
}
