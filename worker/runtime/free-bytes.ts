// Memory given back at once: a collection may be far off, and until then the platform counts what nobody uses any more.

/** Frees the whole buffer behind the bytes, which read as none from then on. */
export function freeBytes({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
