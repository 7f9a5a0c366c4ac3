// The file of a Durable Object in the folder of a PoP that keeps its state, for tests with one model.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SqlStorage } from '@cloudflare/workers-types';
import { openSqlite } from './sqlite.ts';

export async function openObjectFile(directory: string): Promise<SqlStorage & Disposable> {
  return openSqlite(await objectFile(directory));
}

/** Puts tables that older code wrote in the place of the object's own; its PoP must not run. */
export async function replaceTables(directory: string, dump: string): Promise<void> {
  const database = new DatabaseSync(await objectFile(directory));
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    for (const { name } of tables) {
      if (!/^(_cf_|sqlite_)/.test(String(name))) database.exec(`DROP TABLE ${name}`);
    }
    database.exec(dump);
  } finally {
    database.close();
  }
}

/** An object of 0.1.0: see the head of the file. */
export function readDump(): Promise<string> {
  return readFile(join(import.meta.dirname, 'fixtures/object-0.1.0.sql'), 'utf8');
}

async function objectFile(directory: string): Promise<string> {
  const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.sqlite'));
  for (const name of files) {
    const path = join(directory, name);
    using sql = openSqlite(path);
    if (sql.exec("SELECT 1 FROM sqlite_schema WHERE name = 'counts'").toArray().length > 0) return path;
  }
  throw new Error(`expected the object's file in ${files.join(', ')}`);
}
