// Removes secrets from texts that are logged or shown: the last defence if somebody puts one where it does not belong, such as in
// a path.

/** The isolate's own secrets. They are module state because an isolate has one set of settings. */
const kept = new Set<string>();

/** Removes these secrets from every text from now on. Short ones, as tests use, are ignored: they could be part of a word. */
export function keepSecret(...secrets: readonly (string | null | undefined)[]): void {
  for (const secret of secrets) if (secret && secret.length >= 8) kept.add(secret);
}

/**
 * @returns the text without the isolate's secrets, with API keys cut to their public id and JSON Web Tokens to their first
 * letters
 */
export function redact(text: string): string {
  let clean = text;
  for (const secret of kept) if (clean.includes(secret)) clean = clean.replaceAll(secret, '[redacted]');
  if (!clean.includes('pk_') && !clean.includes('eyJ')) return clean;
  return clean
    .replace(/(pk_[0-9a-f]{16}_)[\w-]+/g, '$1[redacted]')
    .replace(/eyJ[\w-]{5,}\.[\w-]+(\.[\w-]*)?/g, 'eyJ[redacted]');
}
