// What reads of storage weigh in the limiter: a dear one counts as often as it has cost operations. One is counted with the request.
import type { Context } from 'hono';
import type { Spend } from '../../registry/model-catalog.ts';
import type { AppContext } from './app-context.ts';
import { addressOf } from './caller.ts';

/** Counts operations against the key of the caller, or its address; what was read for others before is free. */
export function spendOf(c: Context<AppContext>): Spend {
  let isFirst = true;
  return (operations) => {
    if (operations === 0) return;
    const { keyGate, addressGate } = c.var.isolate.security;
    const caller = c.get('caller');
    const times = isFirst ? operations - 1 : operations;
    isFirst = false;
    if (caller === undefined) addressGate.charge(addressOf(c), times, c.executionCtx);
    else keyGate.charge(caller.id, times, c.executionCtx);
  };
}
