// The JSON bodies of the control plane's calls, read as far as they may go.

import type { Context } from 'hono';
import { mostValues } from '../../registry/bounds.ts';
import { defaultLimits } from '../../registry/default-limits.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { parseJson } from '../../registry/parse.ts';
import { boundJson } from '../protocol/json.ts';
import type { AppContext } from './app-context.ts';
import { readBody } from './read-body.ts';
import { passControlJson } from './work.ts';

/** Manifests travel inside KV values of at most 25 MiB, with those of the other routed versions. */
const mostJsonBytes = mebibyte;

/** @param empty what a missing body stands for; without it a body is required */
export async function readJson(c: Context<AppContext>, what: string, empty?: unknown): Promise<unknown> {
  const text = await readText(c);
  return text.trim() === '' && empty !== undefined ? empty : parseJson(text, what);
}

/** A body that is JSON or empty, as it was spelled. */
export async function readText(c: Context<AppContext>): Promise<string> {
  const { ledger, config } = c.get('isolate');
  const account = ledger.openControl();
  const ended = Promise.withResolvers<void>();
  // A client that goes away ends the request without a word to its code: not before the room is given back.
  c.executionCtx.waitUntil(ended.promise);
  try {
    const limits = {
      maxBodyBytes: mostJsonBytes,
      maxInflatedBytes: mostJsonBytes,
      maxSeconds: config.maxBodySeconds,
    };
    const bytes = await readBody(c.req.raw, limits, account);
    passControlJson(c, bytes.length);
    boundJson(bytes, { maxDepth: defaultLimits.jsonDepth, maxValues: mostValues });
    return new TextDecoder().decode(bytes);
  } finally {
    account.close();
    ended.resolve();
  }
}
