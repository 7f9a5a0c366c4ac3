// The tables of the sample as the Durable Object keeps them, in this process: SQLite behind the calls that SqlStorage has.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { SqlStorage } from '@cloudflare/workers-types';
import type { SampleReport } from '../../../../worker/telemetry/sample/input-sampler.ts';
import { readSamplePage, type SamplePlace, samplePart } from '../../../../worker/telemetry/sample/sample-part.ts';

export class SampleDatabase {
  readonly sql: SqlStorage;

  constructor() {
    const database = new DatabaseSync(':memory:');
    const exec = (query: string, ...values: SQLInputValue[]) => {
      const rows = database.prepare(query).all(...values);
      return { toArray: () => rows, one: () => rows[0] };
    };
    this.sql = { exec } as unknown as SqlStorage;
    samplePart.createTables(this.sql);
  }

  apply(report: SampleReport, { pop = 'FRA', atMs = 0 } = {}): void {
    samplePart.apply(this.sql, report, { pop, atMs, keptAs: (epoch) => epoch, hear: () => undefined });
  }

  /** Every row, page by page. */
  rows<T>(filter: { version?: string; pop?: string } = {}): T[] {
    const rows: T[] = [];
    let after: SamplePlace | null = null;
    do {
      const { lines, next } = readSamplePage(this.sql, filter, after);
      for (const line of lines.split('\n').filter((text) => text !== '')) rows.push(JSON.parse(line));
      after = next;
    } while (after !== null);
    return rows;
  }
}
