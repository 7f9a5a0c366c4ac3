// Events on their way to the webhook. The Durable Object keeps each event and sends it again until the receiver takes it.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { EventStatus } from '../../../registry/api/drift.ts';
import type { Log } from '../../logging/log.ts';
import { deliver, traceIdOf, type WebhookSettings } from './webhook.ts';

const longestPauseMs = 6 * 3_600_000;
/** With pauses that grow fourfold up to six hours, these attempts take about three days. */
const mostAttempts = 17;
const keptEvents = 100;

export class Outbox {
  readonly #sql: SqlStorage;
  readonly #webhook: WebhookSettings | null;
  readonly #log: Log;

  constructor(sql: SqlStorage, webhook: WebhookSettings | null, log: Log) {
    this.#sql = sql;
    this.#webhook = webhook;
    this.#log = log;
  }

  /** Adds an event. An event with a known id changes nothing. Without a webhook, events are only kept for the status. */
  add(event: { id: string; type: string; data: unknown }, atMs: number): void {
    const timestamp = new Date(atMs).toISOString();
    const body = JSON.stringify({ id: event.id, type: event.type, timestamp, data: event.data });
    this.#sql.exec(
      'INSERT OR IGNORE INTO events (id, type, body, created_ms, attempts, next_ms) VALUES (?, ?, ?, ?, 0, ?)',
      ...[event.id, event.type, body, atMs, this.#webhook === null ? null : atMs],
    );
    this.#sql.exec(
      'DELETE FROM events WHERE next_ms IS NULL AND id NOT IN (SELECT id FROM events ORDER BY created_ms DESC LIMIT ?)',
      keptEvents,
    );
    this.#log('event', { event: event.type, id: event.id });
  }

  /** When the next attempt is due; null if no event is on its way. */
  nextMs(): number | null {
    return this.#sql.exec<{ next: number | null }>('SELECT min(next_ms) AS next FROM events').one().next;
  }

  /** Sends the events that are due, oldest first. */
  async deliverDue(): Promise<void> {
    const webhook = this.#webhook;
    if (webhook === null) return;
    const due = this.#sql
      .exec<{ id: string; body: string; attempts: number }>(
        'SELECT id, body, attempts FROM events WHERE next_ms <= ? ORDER BY created_ms, id',
        Date.now(),
      )
      .toArray();
    for (const { id, body, attempts } of due) {
      const traceId = await traceIdOf(id);
      const error = await deliver({ id, body, traceId }, webhook);
      const nowMs = Date.now();
      const made = attempts + 1;
      if (error === null) {
        this.#sql.exec(
          'UPDATE events SET attempts = ?, delivered_ms = ?, next_ms = NULL WHERE id = ?',
          made,
          nowMs,
          id,
        );
        continue;
      }
      const nextMs = made < mostAttempts ? nowMs + pauseMs(made, webhook.retrySeconds) : null;
      this.#sql.exec(
        'UPDATE events SET attempts = ?, next_ms = ?, last_error = ? WHERE id = ?',
        made,
        nextMs,
        error,
        id,
      );
      this.#log('webhook-failed', { id, traceId, attempts: made, error, givenUp: nextMs === null });
    }
  }

  /** The newest events, newest first. */
  read(limit: number): EventStatus[] {
    return this.#sql
      .exec<{
        id: string;
        type: string;
        created_ms: number;
        attempts: number;
        delivered_ms: number | null;
        next_ms: number | null;
        last_error: string | null;
      }>(
        `SELECT id, type, created_ms, attempts, delivered_ms, next_ms, last_error FROM events
          ORDER BY created_ms DESC, id LIMIT ?`,
        limit,
      )
      .toArray()
      .map((row) => ({
        ...{ id: row.id, type: row.type, createdMs: row.created_ms, attempts: row.attempts },
        ...{ deliveredMs: row.delivered_ms, nextMs: row.next_ms, lastError: row.last_error },
      }));
  }
}

/** Pauses vary by a tenth, so that the objects of many models do not all call a receiver at once when it comes back. */
function pauseMs(attempts: number, retrySeconds: number): number {
  const pause = Math.min(retrySeconds * 1000 * 4 ** (attempts - 1), longestPauseMs);
  return Math.round(pause * (0.9 + 0.2 * Math.random()));
}
