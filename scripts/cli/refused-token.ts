// What an operator does about a token that a server refuses, or about none.
import { isLoopback, type Settings } from './settings.ts';

/** @param told what the server says, or null */
export function refusedToken(settings: Settings, told: string | null): string {
  const { url, tokenSource } = settings;
  // That it expects a token goes without saying; that a key is revoked does not.
  const why = told === null || told.startsWith('expected ') ? '' : ` (${told})`;
  return `${url.origin} refused the token from ${tokenSource}${why}; ${advice(settings)}`;
}

/** @param told what the server says to a caller without a right */
export function lackingRight({ tokenSource }: Settings, told: string): string {
  return `${told}; the token came from ${tokenSource}`;
}

export function missingToken({ tokenSource, tokenVariable }: Settings): string {
  const local =
    tokenSource === tokenVariable
      ? ''
      : `, or start the local PoP with 'npx popserve start', which writes ${tokenSource}; for one of another project, set POPSERVE_DATA to its data folder`;
  return `no operator's token; set ${tokenVariable}${local}`;
}

function advice({ url, tokenSource, tokenVariable }: Settings): string {
  if (tokenSource !== tokenVariable) {
    return `it is of another PoP, or of an earlier start: set POPSERVE_DATA to the data folder of the PoP that runs there, or ${tokenVariable} to its token`;
  }
  const right = `set ${tokenVariable} to the ADMIN_TOKEN of that server or to a key of it`;
  return isLoopback(url) ? `${right}, or unset it to take the local PoP's own` : right;
}
