// The audit: one record per change through the control plane. Records are never replaced, and listed newest first.
import type { R2Bucket } from '@cloudflare/workers-types';
import { type AuditPage, type AuditRecord, auditRecordSchema } from './api/audit.ts';
import { canonicalJson } from './canonical-json.ts';
import { invertedTime } from './object-key.ts';
import { check } from './parse.ts';
import { createOnly } from './r2-objects.ts';
import { RememberedObjects } from './remembered-objects.ts';

const prefix = 'audit/';

export class AuditTrail {
  readonly #bucket: R2Bucket;
  readonly #remembered: RememberedObjects;

  constructor(bucket: R2Bucket, remembered = new RememberedObjects(bucket)) {
    this.#bucket = bucket;
    this.#remembered = remembered;
  }

  async append(record: AuditRecord): Promise<void> {
    // R2 lists keys in ascending order only, so the time is inverted to have the newest first.
    const key = `${prefix}${invertedTime(Date.parse(record.at))}-${crypto.randomUUID()}.json`;
    await createOnly(this.#bucket, key, canonicalJson(record), { httpMetadata: { contentType: 'application/json' } });
  }

  /**
   * Lists a page of the records. One that cannot be read does not hide the others.
   * @param page.after the `next` of the page before
   * @param spend told how many operations of storage that has cost
   */
  async list(
    page: { limit: number; after?: string },
    spend: (operations: number) => void = () => undefined,
  ): Promise<AuditPage> {
    const { after } = page;
    const listed = await this.#bucket.list({
      prefix,
      limit: page.limit,
      ...(after === undefined ? {} : { startAfter: prefix + after }),
    });
    const texts = await this.#remembered.readAll(listed.objects, (reads) => spend(1 + reads));
    const records: AuditRecord[] = [];
    const damaged: string[] = [];
    for (const [index, { key }] of listed.objects.entries()) {
      const text = texts[index] ?? null;
      if (text === null) continue;
      const record = recordOrNull(text);
      if (record !== null) records.push(record);
      else damaged.push(key.slice(prefix.length));
    }
    const last = listed.objects.at(-1)?.key.slice(prefix.length);
    return {
      records,
      next: listed.truncated && last !== undefined ? last : null,
      ...(damaged.length === 0 ? {} : { damaged }),
    };
  }
}

function recordOrNull(text: string): AuditRecord | null {
  try {
    const checked = check(auditRecordSchema, JSON.parse(text));
    return 'data' in checked ? checked.data : null;
  } catch {
    return null;
  }
}
