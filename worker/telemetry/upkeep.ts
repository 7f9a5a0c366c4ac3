// Keeps the object of a model small, however many epochs, versions and PoPs come and go: see docs/releases.md, "How it stays
// small".
import type { SqlStorage } from '@cloudflare/workers-types';
import { type Route, routedVersions } from '../../registry/route.ts';
import { foldedRanges, type KeptEpochs, keptAs, keptEpochs } from './kept-epochs.ts';
import type { KeptPart } from './report.ts';

/** The search for what can be forgotten reads every row, so it runs once a day. */
const forgetEveryMs = 86_400_000;
/** The time at which a version was last heard of is written at most this often. */
const heardEveryMs = 3_600_000;

export class Upkeep {
  readonly #sql: SqlStorage;
  readonly #parts: readonly KeptPart[];
  readonly #retentionMs: number;
  #kept: KeptEpochs | null = null;

  /** @param retentionMs how long a release can be rolled back; rows are kept for at least a day */
  constructor(options: { sql: SqlStorage; parts: readonly KeptPart[]; retentionMs: number }) {
    this.#sql = options.sql;
    this.#parts = options.parts;
    this.#retentionMs = Math.max(options.retentionMs, forgetEveryMs);
  }

  /** The epoch under which the counts of an epoch are added. */
  readonly keptAs = (epoch: number): number => keptAs(this.#kept, epoch);

  /** Notes that a PoP knows the version. */
  readonly hear = (version: string, atMs: number): void => {
    this.#sql.exec(
      `INSERT INTO heard (version, at_ms) VALUES (?, ?)
        ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms WHERE excluded.at_ms - at_ms >= ?`,
      ...[version, atMs, heardEveryMs],
    );
  };

  /**
   * Must be called within a transaction.
   * @param route the newest route that is known
   */
  run(route: Route, nowMs: number): void {
    if (this.#kept?.known !== route.epoch) {
      const kept = keptEpochs(route);
      for (const range of foldedRanges(kept)) {
        if (range.from <= range.to) for (const part of this.#parts) part.fold?.(this.#sql, range);
      }
      this.#kept = kept;
    }
    this.#forget(route, nowMs);
  }

  #forget(route: Route, nowMs: number): void {
    const [last] = this.#sql.exec<{ at_ms: number }>("SELECT at_ms FROM upkeep WHERE task = 'forget'").toArray();
    if (last !== undefined && nowMs - last.at_ms < forgetEveryMs) return;
    this.#sql.exec(
      "INSERT INTO upkeep (task, at_ms) VALUES ('forget', ?) ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms",
      nowMs,
    );
    const beforeMs = nowMs - this.#retentionMs;
    const routed = routedVersions(route);
    const silent = this.#sql
      .exec<{ version: string }>('SELECT version FROM heard WHERE at_ms < ?', beforeMs)
      .toArray()
      .map(({ version }) => version)
      .filter((version) => !routed.includes(version));
    for (const version of silent) this.#sql.exec('DELETE FROM heard WHERE version = ?', version);
    for (const part of this.#parts) part.forget?.(this.#sql, { versions: silent, beforeMs });
  }
}
