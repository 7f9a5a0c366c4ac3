// Reads the header in which a caller says how its last call went. It is a dictionary of structured fields, and a claim: nothing in
// it is believed beyond the counts of its caller.
// @see https://www.rfc-editor.org/rfc/rfc9651#name-dictionaries
import type { Outcome } from './bins.ts';

export const lastCallHeader = 'popserve-last-call';

export interface LastCall {
  readonly ms: number;
  readonly outcome: Outcome;
  /** Bytes of the answer's body; null if it was not told. */
  readonly bytes: number | null;
  /** Null: the version that the caller gets now. */
  readonly version: string | null;
  /** Null: the PoP that is asked now. */
  readonly pop: string | null;
}

const mostCharacters = 256;
/** Ten minutes: longer ones are no measurements of a call. */
const mostMs = 600_000;
const member = /([a-z]+)=(?:"([^"\\]{0,64})"|([\w.]{1,20}))\s*(?:,\s*|$)/y;

/** @returns null for what is not such a header: a report is never worth refusing a request for */
export function readLastCall(text: string): LastCall | null {
  if (text.length > mostCharacters) return null;
  const told = new Map<string, string>();
  member.lastIndex = 0;
  while (member.lastIndex < text.length) {
    const found = member.exec(text);
    if (found === null) return null;
    told.set(found[1] ?? '', found[2] ?? found[3] ?? '');
  }
  const ms = numberIn(told.get('ms'));
  const outcome = outcomeOf(told.get('status') ?? '');
  if (ms === null || ms > mostMs || outcome === null) return null;
  return {
    ...{ ms, outcome, bytes: numberIn(told.get('bytes')) },
    ...{ version: told.get('version') ?? null, pop: told.get('pop') ?? null },
  };
}

/** @param text a status, or `timeout` */
function outcomeOf(text: string): Outcome | null {
  if (text === 'timeout') return 'timeout';
  if (!/^[2-5]\d\d$/.test(text)) return null;
  const status = Number(text);
  if (status < 400) return 'ok';
  return status < 500 ? 'refused' : 'failed';
}

function numberIn(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,12}(\.\d{1,3})?$/.test(text) ? Number(text) : null;
}
