// The counts of calls in the tables of a model's Durable Object: the whole time by epoch, which guards and histograms read, and the
// last hour by PoP in slots of ten minutes, which people read.
import type { SqlStorage } from '@cloudflare/workers-types';
import { type CallerCounts, mergeCallers, packCallers, unpackCallers } from '../drift/caller-counts.ts';
import type { EpochRange } from '../kept-epochs.ts';
import { durationsIn } from './bins.ts';
import type { LatencyDelta } from './latency-counter.ts';
import { callsIn } from './quantiles.ts';
import type { Side } from './sides.ts';

const slotMs = 600_000;
/** The slots that are told beside the open one: an hour. */
const toldSlots = 6;

interface Packed extends Record<string, string | number | ArrayBuffer> {
  version: string;
  side: string;
  counts: ArrayBuffer;
}

/** The calls of one version and side, by caller. */
export interface Counted {
  readonly version: string;
  readonly side: Side;
  readonly callers: readonly CallerCounts[];
}

export interface CountedAt extends Counted {
  readonly pop: string;
}

/** @param deltas what one isolate counted of one version and side */
export function addToEpoch(sql: SqlStorage, deltas: readonly LatencyDelta[], epoch: number): void {
  const [first] = deltas;
  if (first === undefined) return;
  const { version, side } = first;
  const [known] = sql
    .exec<Packed>(
      'SELECT version, side, counts FROM latency WHERE version = ? AND epoch = ? AND side = ?',
      ...[version, epoch, side],
    )
    .toArray();
  putEpoch(sql, version, epoch, side, mergeCallers(callersOf(deltas), known === undefined ? [] : unpack(known.counts)));
}

/** As {@link addToEpoch}, and drops the slots that are not told any more. */
export function addToSlot(sql: SqlStorage, deltas: readonly LatencyDelta[], pop: string, atMs: number): void {
  const [first] = deltas;
  if (first === undefined) return;
  const { version, side } = first;
  const fromMs = slotOf(atMs);
  sql.exec('DELETE FROM latency_recent WHERE from_ms < ?', oldestTold(atMs));
  const [known] = sql
    .exec<Packed>(
      'SELECT version, side, counts FROM latency_recent WHERE from_ms = ? AND version = ? AND pop = ? AND side = ?',
      ...[fromMs, version, pop, side],
    )
    .toArray();
  const callers = mergeCallers(callersOf(deltas), known === undefined ? [] : unpack(known.counts));
  sql.exec(
    `INSERT INTO latency_recent (from_ms, version, pop, side, counts) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET counts = excluded.counts`,
    ...[fromMs, version, pop, side, pack(callers)],
  );
}

/** Merges the rows of a range of epochs into one. */
export function foldEpochs(sql: SqlStorage, { from, to, into }: EpochRange): void {
  const range = 'epoch BETWEEN ? AND ?';
  const rows = sql
    .exec<Packed>(`SELECT version, side, counts FROM latency WHERE ${range} OR epoch = ?`, from, to, into)
    .toArray();
  if (rows.length === 0) return;
  sql.exec(`DELETE FROM latency WHERE ${range} OR epoch = ?`, from, to, into);
  for (const { version, side, callers } of merged(rows)) putEpoch(sql, version, into, side, callers);
}

/** The calls of a version and side under this epoch and later ones. */
export function readSince(sql: SqlStorage, version: string, side: Side, epoch: number): CallerCounts[] {
  const rows = sql
    .exec<Packed>(
      'SELECT version, side, counts FROM latency WHERE version = ? AND epoch >= ? AND side = ?',
      ...[version, epoch, side],
    )
    .toArray();
  return mergeCallers(rows.flatMap(({ counts }) => unpack(counts)));
}

/** The calls of all time, by version and side. */
export function readTotals(sql: SqlStorage): Counted[] {
  return merged(sql.exec<Packed>('SELECT version, side, counts FROM latency ORDER BY version, side').toArray());
}

/** The calls of the last hour, by version, side and PoP; `fromMs` is its beginning. */
export function readRecent(sql: SqlStorage, nowMs: number): { fromMs: number; counted: CountedAt[] } {
  const fromMs = oldestTold(nowMs);
  const rows = sql
    .exec<Packed & { pop: string }>(
      'SELECT version, side, pop, counts FROM latency_recent WHERE from_ms >= ? ORDER BY version, side, pop',
      fromMs,
    )
    .toArray();
  const byPop = Map.groupBy(rows, ({ pop }) => pop);
  return { fromMs, counted: [...byPop].flatMap(([pop, own]) => merged(own).map((each) => ({ ...each, pop }))) };
}

export function forget(sql: SqlStorage, versions: readonly string[], beforeMs: number): void {
  for (const table of ['latency', 'latency_recent']) {
    for (const version of versions) sql.exec(`DELETE FROM ${table} WHERE version = ?`, version);
  }
  sql.exec('DELETE FROM latency_recent WHERE from_ms < ?', beforeMs);
}

/** The same version and side in one entry each. */
function merged(rows: readonly Packed[]): Counted[] {
  const groups = Map.groupBy(rows, ({ version, side }) => `${version} ${side}`);
  return [...groups.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const callers = mergeCallers(own.flatMap(({ counts }) => unpack(counts)));
    return [{ version: first.version, side: first.side as Side, callers }];
  });
}

function putEpoch(
  sql: SqlStorage,
  version: string,
  epoch: number,
  side: string,
  callers: readonly CallerCounts[],
): void {
  sql.exec(
    `INSERT INTO latency (version, epoch, side, counts) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET counts = excluded.counts`,
    ...[version, epoch, side, pack(callers)],
  );
}

function callersOf(deltas: readonly LatencyDelta[]): CallerCounts[] {
  return deltas.map(({ bucket, counts }) => ({ bucket, rows: callsIn(durationsIn(counts)), counts }));
}

function pack(callers: readonly CallerCounts[]): ArrayBuffer {
  return packCallers(callers).buffer as ArrayBuffer;
}

/** Every count has a bucket here, so nothing is left over for an unnamed one. */
function unpack(counts: ArrayBuffer): CallerCounts[] {
  return unpackCallers(new Float64Array(counts), 0);
}

function slotOf(atMs: number): number {
  return atMs - (atMs % slotMs);
}

function oldestTold(nowMs: number): number {
  return slotOf(nowMs) - toldSlots * slotMs;
}
