// Reads the credential of a request. It is never taken from the URL, because URLs end up in logs and histories.

/** Visible ASCII characters, at most 8,192 of them. A JWT seldom has more than 2,000. */
const credentialPattern = /^[\x21-\x7e]{1,8192}$/;

/** @returns the token of `Authorization: Bearer` or of `x-api-key`; null if there is none */
export function readCredential(headers: Headers): string | null {
  const authorization = headers.get('authorization');
  const bearer = authorization === null ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  const token = bearer ?? headers.get('x-api-key');
  return token !== null && credentialPattern.test(token) ? token : null;
}
