// Which of the formats that a PoP reads a file has, by its first bytes: its name and type may say something else.

/** @returns the media type; null for other files */
export function typeOfPicture(start: Uint8Array): `image/${'jpeg' | 'png' | 'webp'}` | null {
  const text = Array.from(start.subarray(0, 12), (byte) => String.fromCharCode(byte)).join('');
  if (text.startsWith('\xff\xd8')) return 'image/jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  return text.startsWith('RIFF') && text.endsWith('WEBP') ? 'image/webp' : null;
}
