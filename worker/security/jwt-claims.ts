// What a token says, checked for its types: the provider signs what it was told, and a user may have chosen parts of it.
import * as z from 'zod';
import { decodeBase64 } from '../../registry/bytes.ts';
import { PopserveError } from '../../registry/errors.ts';
import { check, tellFaults } from '../../registry/parse.ts';
import { findPrototypeName, prototypeRefusal } from '../../registry/prototype-names.ts';

/** Seconds since 1970, up to the end of the year 9999: a NumericDate beyond that is a mistake. */
const numericDate = z.number().min(0).max(253_402_300_799);

const headerSchema = z.looseObject({
  alg: z.string().max(64),
  kid: z.string().max(1024).optional(),
  typ: z.string().max(256).optional(),
});

const claimsSchema = z.looseObject({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string()).max(100)]),
  sub: z.string().min(1).max(4096),
  exp: numericDate,
  nbf: numericDate.optional(),
  iat: numericDate.optional(),
});

export type Claims = z.output<typeof claimsSchema>;

/**
 * The claims of a token whose signature nobody has checked yet.
 * @throws {PopserveError} UNAUTHENTICATED that names the claim or header at fault
 */
export function readClaims(token: string): Claims {
  const [header = '', payload = ''] = token.split('.');
  readPart(headerSchema, header, 'header');
  return readPart(claimsSchema, payload, 'claims');
}

function readPart<S extends z.ZodType>(schema: S, part: string, what: string): z.output<S> {
  const value = readJson(part, what);
  const result = check(schema, value);
  if ('data' in result) return result.data;
  throw refused(`${what}: ${tellFaults(result.faults)}`);
}

function readJson(part: string, what: string): unknown {
  const { text, value } = parsed(part) ?? {};
  if (text === undefined) throw refused(`${what}: expected JSON in base64url`);
  // Readers differ in which of two equal members they believe (RFC 7519, section 4).
  if (membersOf(value) !== colonsOf(text)) throw refused(`${what}: a member is there twice`);
  const name = findPrototypeName(text, value);
  if (name !== null) throw refused(`${what}: '${name}' ${prototypeRefusal}`);
  return value;
}

function parsed(part: string): { text: string; value: unknown } | null {
  const bytes = decodeBase64(part.replaceAll('-', '+').replaceAll('_', '/'));
  if (bytes === null) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** A text has one colon outside its strings for each member that is written. */
function colonsOf(text: string): number {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members: unknown[] = Object.values(value);
  const own = Array.isArray(value) ? 0 : members.length;
  return members.reduce<number>((sum, member) => sum + membersOf(member), own);
}

/** @param why names the claim or header, and never quotes the token */
export function refused(why: string, cause?: unknown): PopserveError {
  return new PopserveError('UNAUTHENTICATED', `the token is refused: ${why}`, cause === undefined ? {} : { cause });
}
