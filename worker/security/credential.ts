// Where a request carries its credential. Never in the URL: those end up in logs and histories.

/** A visible token of at most this many characters; a JWT is seldom over 2,000. */
const credentialPattern = /^[\x21-\x7e]{1,8192}$/;

/** @returns the token of `Authorization: Bearer` or of `x-api-key`; null if there is none */
export function readCredential(headers: Headers): string | null {
  const authorization = headers.get('authorization');
  const bearer = authorization === null ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  const token = bearer ?? headers.get('x-api-key');
  return token !== null && credentialPattern.test(token) ? token : null;
}
