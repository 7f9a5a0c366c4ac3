// Writes callers' values as JSON. A bigint becomes an exact integer, which JSON allows and JSON.stringify refuses.

export function toJson(value: unknown): string {
  // A random mark, so that no caller's string can be taken for a bigint.
  const mark = `${Math.random()}n`;
  const json = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? mark + inner : inner));
  return json.replace(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1');
}
