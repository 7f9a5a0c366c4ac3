// How many records callers may send in one request: a version that takes fewer refuses them.
import type { Break } from '../api/contract.ts';
import { recordsTaken } from '../batch.ts';
import type { Signature } from '../signature.ts';

export function recordBreaks(served: Signature, next: Signature): Break[] {
  const [was, is] = [recordsTaken(served), recordsTaken(next)];
  if (was === is || was === 0 || is === -1) return [];
  const who =
    is === 0
      ? 'callers that send records'
      : is === 1
        ? 'callers that send several records'
        : `callers that do not send ${is} records`;
  const change = { part: 'limit' as const, name: 'records in a request', was: describe(was), becomes: describe(is) };
  return [{ ...change, who, how: 'get 400' }];
}

function describe(records: number): string {
  return records === -1 ? 'any number' : records === 0 ? 'none' : String(records);
}
