// The tables of the sample as the Durable Object keeps them, in this process.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { SampleReport } from '../../../../worker/telemetry/sample/input-sampler.ts';
import { readSamplePage, type SamplePlace, samplePart } from '../../../../worker/telemetry/sample/sample-part.ts';
import { openObject } from '../sqlite.ts';

export class SampleDatabase {
  readonly sql: SqlStorage;

  constructor() {
    this.sql = openObject();
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
