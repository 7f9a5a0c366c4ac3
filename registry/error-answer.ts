// The message of a refusal that came over HTTP as `{"error": "…"}`.

/** @returns the message, null if the body is not an error of popserve (a proxy's page, or empty) */
export function errorMessageOf(body: Uint8Array): string | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof value !== 'object' || value === null || !('error' in value)) return null;
    return typeof value.error === 'string' && value.error !== '' ? value.error : null;
  } catch {
    return null;
  }
}
