// Which answers the truth was told of: one bit for each id that an isolate has given, in blocks, until the ids have expired.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { Told } from './feedback-counter.ts';

/** A kibibyte of bits. */
const idsOfBlock = 8192;
const dayMs = 86_400_000;

/** Notes answers, and forgets those that have expired. @returns those that were not told of before, each once */
export function takeUnseen(sql: SqlStorage, told: readonly Told[], nowMs: number): Told[] {
  sql.exec('DELETE FROM feedback_seen WHERE expires_day <= ?', Math.floor(nowMs / dayMs));
  const unseen: Told[] = [];
  const blocks = Map.groupBy(told, ({ expiresDay, issuer, sequence }) => {
    return `${expiresDay} ${issuer} ${Math.floor(sequence / idsOfBlock)}`;
  });
  for (const own of blocks.values()) {
    const [first] = own;
    if (first === undefined) continue;
    const block = Math.floor(first.sequence / idsOfBlock);
    const [known] = sql
      .exec<{ bits: ArrayBuffer }>(
        'SELECT bits FROM feedback_seen WHERE expires_day = ? AND issuer = ? AND block = ?',
        ...[first.expiresDay, first.issuer, block],
      )
      .toArray();
    const bits = known === undefined ? new Uint8Array(idsOfBlock / 8) : new Uint8Array(known.bits);
    const before = unseen.length;
    for (const each of own) {
      const [byte, bit] = [Math.floor((each.sequence % idsOfBlock) / 8), 1 << (each.sequence % 8)];
      if (((bits[byte] ?? 0) & bit) !== 0) continue;
      bits[byte] = (bits[byte] ?? 0) | bit;
      unseen.push(each);
    }
    if (unseen.length === before) continue;
    sql.exec(
      `INSERT INTO feedback_seen (expires_day, issuer, block, bits) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET bits = excluded.bits`,
      ...[first.expiresDay, first.issuer, block],
      bits.buffer,
    );
  }
  return unseen;
}
