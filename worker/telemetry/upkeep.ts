// Keeps the object of a model small, however many epochs, versions and PoPs come and go: see "How it stays small" in
// docs/releases.md.
import type { SqlStorage } from '@cloudflare/workers-types';
import { type Route, routedVersions } from '../../registry/route.ts';
import { foldedRanges, type KeptEpochs, keptAs, keptEpochs } from './kept-epochs.ts';
import type { KeptPart } from './report.ts';

/** Looking for what to forget reads every row. */
const forgetEveryMs = 86_400_000;
/** When a version was heard of is written down no more often. */
const heardEveryMs = 3_600_000;

export class Upkeep {
  readonly #sql: SqlStorage;
  readonly #parts: readonly KeptPart[];
  readonly #retentionMs: number;
  #kept: KeptEpochs | null = null;

  /** @param retentionMs how long one can roll back; at least a day is kept */
  constructor(options: { sql: SqlStorage; parts: readonly KeptPart[]; retentionMs: number }) {
    this.#sql = options.sql;
    this.#parts = options.parts;
    this.#retentionMs = Math.max(options.retentionMs, forgetEveryMs);
  }

  /** The epoch under which what was counted in an epoch is added. */
  readonly keptAs = (epoch: number): number => keptAs(this.#kept, epoch);

  /** A PoP has told of the version. */
  readonly hear = (version: string, atMs: number): void => {
    this.#sql.exec(
      `INSERT INTO heard (version, at_ms) VALUES (?, ?)
        ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms WHERE excluded.at_ms - at_ms >= ?`,
      ...[version, atMs, heardEveryMs],
    );
  };

  /** To be run all or nothing. @param route the newest one that is known */
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
