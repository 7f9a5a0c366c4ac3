// The audit: one record per change through the control plane. Records are never replaced, and listed newest first.
import type { R2Bucket } from '@cloudflare/workers-types';
import { type AuditPage, type AuditRecord, auditRecordSchema } from './api/audit.ts';
import { canonicalJson } from './canonical-json.ts';
import { parse, parseJson } from './parse.ts';
import { createOnly } from './r2-objects.ts';

const prefix = 'audit/';
/** R2 lists keys in ascending order only, so the time is inverted to have the newest first. */
const latestMs = 9_999_999_999_999;

export class AuditTrail {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async append(record: AuditRecord): Promise<void> {
    const inverted = String(latestMs - Date.parse(record.at)).padStart(13, '0');
    const key = `${prefix}${inverted}-${crypto.randomUUID()}.json`;
    await createOnly(this.#bucket, key, canonicalJson(record), { httpMetadata: { contentType: 'application/json' } });
  }

  /** @param page.after the `next` of the page before */
  async list(page: { limit: number; after?: string }): Promise<AuditPage> {
    const { after } = page;
    const listed = await this.#bucket.list({
      prefix,
      limit: page.limit,
      ...(after === undefined ? {} : { startAfter: prefix + after }),
    });
    const records: AuditRecord[] = [];
    for (const { key } of listed.objects) {
      const object = await this.#bucket.get(key);
      if (object === null) continue;
      records.push(parse(auditRecordSchema, parseJson(await object.text(), key, 'INTERNAL'), key, 'INTERNAL'));
    }
    const last = listed.objects.at(-1)?.key.slice(prefix.length);
    return { records, next: listed.truncated && last !== undefined ? last : null };
  }
}
