// SQLite as a Durable Object has it, for tests that are about tables and not about the object.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { SqlStorage } from '@cloudflare/workers-types';
import { migrate } from '../../../worker/telemetry/schema/migrate.ts';
import { migrations } from '../../../worker/telemetry/schema/migrations.ts';

export function openSqlite(path = ':memory:'): SqlStorage & Disposable {
  const database = new DatabaseSync(path);
  const exec = (query: string, ...bindings: (SQLInputValue | ArrayBuffer)[]) => {
    const given = bindings.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    const rows = database
      .prepare(query)
      .all(...given)
      .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asObject(value)])));
    return {
      toArray: () => rows,
      one: () => {
        if (rows.length !== 1) throw new Error(`expected one row, got ${rows.length}`);
        return rows[0];
      },
    };
  };
  return { exec, [Symbol.dispose]: () => database.close() } as unknown as SqlStorage & Disposable;
}

/** An object's storage gives and takes BLOBs as buffers. */
function asObject(value: unknown): unknown {
  return value instanceof Uint8Array ? value.slice().buffer : value;
}

/** The tables of an object that has just been made. */
export function openObject(): SqlStorage & Disposable {
  const sql = openSqlite();
  migrate(sql, migrations, 0);
  return sql;
}

/** Rows of every table. */
export function countRows(sql: SqlStorage): Record<string, number> {
  const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'").toArray();
  return Object.fromEntries(
    tables
      .filter(({ name }) => !name.startsWith('_cf_') && !name.startsWith('sqlite_'))
      .map(({ name }) => [name, sql.exec<{ rows: number }>(`SELECT count(*) AS rows FROM ${name}`).one().rows]),
  );
}
