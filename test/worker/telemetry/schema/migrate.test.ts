import { DatabaseSync } from 'node:sqlite';
import type { SqlStorage } from '@cloudflare/workers-types';
import { expect, test } from 'vitest';
import { type Migration, migrate } from '../../../../worker/telemetry/schema/migrate.ts';
import { migrations } from '../../../../worker/telemetry/schema/migrations.ts';
import { readDump } from '../kept-object.ts';
import { countRows, openSqlite } from '../sqlite.ts';

const adding = (column: string, olderCodeMayRun = true): Migration => ({
  ...{ title: `add ${column}`, olderCodeMayRun },
  apply: (sql) => void sql.exec(`ALTER TABLE kept ADD COLUMN ${column} INTEGER NOT NULL DEFAULT 7`),
});
const first: Migration = {
  ...{ title: 'first', olderCodeMayRun: true },
  apply: (sql) => void sql.exec('CREATE TABLE kept (id INTEGER PRIMARY KEY)'),
};

const columnsOf = (sql: SqlStorage, table: string) =>
  sql
    .exec<{ name: string }>(`PRAGMA table_info(${table})`)
    .toArray()
    .map(({ name }) => name);

test('migrations run in order, each once, and the object knows when', () => {
  using sql = openSqlite();
  expect(migrate(sql, [first, adding('a')], 5)).toEqual({ version: 2, known: 2, refusal: null });
  expect(migrate(sql, [first, adding('a')], 6)).toEqual({ version: 2, known: 2, refusal: null });
  sql.exec('INSERT INTO kept (id) VALUES (1)');
  expect(migrate(sql, [first, adding('a'), adding('b'), adding('c')], 7).version).toBe(4);
  expect(sql.exec('SELECT * FROM kept').toArray()).toEqual([{ id: 1, a: 7, b: 7, c: 7 }]);
  expect(sql.exec('SELECT version, title, at_ms FROM schema_versions ORDER BY version').toArray()).toEqual([
    { version: 1, title: 'first', at_ms: 5 },
    { version: 2, title: 'add a', at_ms: 5 },
    { version: 3, title: 'add b', at_ms: 7 },
    { version: 4, title: 'add c', at_ms: 7 },
  ]);
});

test('code that is older than the tables runs on them unless a migration that it does not know says no', () => {
  using sql = openSqlite();
  migrate(sql, [first, adding('a')], 1);
  expect(migrate(sql, [first], 2)).toEqual({ version: 2, known: 1, refusal: null });
  migrate(sql, [first, adding('a'), adding('b', false), adding('c')], 3);
  for (const older of [[first], [first, adding('a')]]) {
    const { version, refusal } = migrate(sql, older, 4);
    expect(version).toBe(4);
    expect(refusal).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(
        /schema 4, which need code that knows schema 3; this code knows \d: deploy the newer/,
      ),
    });
  }
  expect(migrate(sql, [first, adding('a'), adding('b', false)], 5)).toEqual({ version: 4, known: 3, refusal: null });
  // Nothing that older code did made the newer code run a migration again.
  expect(migrate(sql, [first, adding('a'), adding('b', false), adding('c')], 6).version).toBe(4);
  expect(columnsOf(sql, 'kept')).toEqual(['id', 'a', 'b', 'c']);
  expect(countRows(sql).schema_versions).toBe(4);
});

test('a new object begins with the tables of 0.1.0, to the letter', async () => {
  const statementsOf = (sql: SqlStorage) =>
    sql
      .exec<{ name: string; sql: string }>(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'schema_versions' ORDER BY name",
      )
      .toArray()
      .map((entry) => entry.sql.replace(/\s+/g, ' ').replaceAll('( ', '('));
  const database = new DatabaseSync(':memory:');
  database.exec(await readDump());
  const sql = { exec: (query: string) => ({ toArray: () => database.prepare(query).all() }) } as unknown as SqlStorage;
  const old = statementsOf(sql);
  expect(old).toHaveLength(18);
  using fresh = openSqlite();
  migrate(fresh, migrations.slice(0, 1), 0);
  expect(statementsOf(fresh)).toEqual(old);
});

test('open windows of before 0.1.0, which did not count requests, start anew', () => {
  using sql = openSqlite();
  sql.exec(`CREATE TABLE drift_open (version TEXT NOT NULL, place TEXT NOT NULL, since_ms INTEGER NOT NULL,
    rows INTEGER NOT NULL, counts BLOB NOT NULL, PRIMARY KEY (version, place)) WITHOUT ROWID`);
  sql.exec("INSERT INTO drift_open (version, place, since_ms, rows, counts) VALUES ('1', 'global', 1, 5, x'00')");
  migrate(sql, migrations, 0);
  expect(columnsOf(sql, 'drift_open')).toContain('requests');
  expect(countRows(sql).drift_open).toBe(0);
});
