// SHA-256 of bytes that are in memory anyway: manifests, tokens, small artifacts. Model bytes are hashed as they stream, because
// crypto.subtle takes only whole arrays.
import { toHex } from './bytes.ts';
import type { Digest } from './names.ts';

/** @returns `sha256:<hex>` of the bytes, or of the UTF-8 form of a string. */
export async function sha256Digest(content: Uint8Array<ArrayBuffer> | string): Promise<Digest> {
  return `sha256:${toHex(await sha256(content))}`;
}

/** @returns the 32 bytes of the SHA-256 of the bytes, or of the UTF-8 form of a string. */
export async function sha256(content: Uint8Array<ArrayBuffer> | string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** The hex part of a digest, as storage keys and R2's checksum option take it. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
