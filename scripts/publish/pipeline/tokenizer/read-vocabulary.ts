// The vocabulary of tokenizer.json, checked: each token once, each id once.
import * as z from 'zod';
import { invalid } from '../../../../registry/errors.ts';
import { mostTokenBytes } from '../../../../worker/pipeline/text/arrays.ts';
import { mostTokens } from '../../../../worker/pipeline/text/models.ts';

export const vocabSchema = z.record(z.string(), z.int().min(0).max(mostTokens));

/** @throws {PopserveError} INVALID_ARGUMENT if two tokens have one id, or a token is no text or too long */
export function readVocabulary(vocab: Readonly<Record<string, number>>, what: string): Map<string, number> {
  const tokens = new Map<number, string>();
  const ids = new Map<string, number>();
  for (const [token, id] of Object.entries(vocab)) {
    const other = tokens.get(id);
    if (other !== undefined) throw invalid(`${what}: '${other}' and '${token}' have one id, ${id}`);
    checkToken(token, id, what);
    tokens.set(id, token);
    ids.set(token, id);
  }
  if (ids.size === 0) throw invalid(`${what}: the vocabulary is empty`);
  return ids;
}

/** @throws {PopserveError} INVALID_ARGUMENT if a token is no text or too long */
export function checkToken(token: string, id: number, what: string): void {
  if (!token.isWellFormed()) throw invalid(`${what}: token ${id} has half of a surrogate pair`);
  const bytes = Buffer.byteLength(token);
  if (bytes > mostTokenBytes) throw invalid(`${what}: token ${id} has ${bytes} bytes, the limit is ${mostTokenBytes}`);
}
