// The last line of defence for secrets that somebody put where they do not belong, a path for example.

/** The isolate's own secrets: an isolate has one set of settings. */
const kept = new Set<string>();

/** From now on these are cut out of every text. Very short ones, of tests, would take words with them. */
export function keepSecret(...secrets: readonly (string | null | undefined)[]): void {
  for (const secret of secrets) if (secret && secret.length >= 8) kept.add(secret);
}

/** @returns the text with the isolate's secrets left out, API keys cut to their public id and JSON Web Tokens to their first letters */
export function redact(text: string): string {
  let clean = text;
  for (const secret of kept) if (clean.includes(secret)) clean = clean.replaceAll(secret, '[redacted]');
  if (!clean.includes('pk_') && !clean.includes('eyJ')) return clean;
  return clean
    .replace(/(pk_[0-9a-f]{16}_)[\w-]+/g, '$1[redacted]')
    .replace(/eyJ[\w-]{5,}\.[\w-]+(\.[\w-]*)?/g, 'eyJ[redacted]');
}
