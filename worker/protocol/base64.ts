// Base64 in JSON, as TensorFlow Serving writes bytes: `{"b64": "…"}`.

/** @returns null for what is no base64 */
export function decodeBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  // In pieces: the arguments of a call have to fit on the stack.
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(text);
}
