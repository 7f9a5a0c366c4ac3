// The script that most letters of a text are of, as Unicode names it: what a model was not trained on mostly comes in another one.

const known = [
  ...['Latin', 'Cyrillic', 'Greek', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Arabic', 'Hebrew', 'Devanagari'],
  ...['Bengali', 'Tamil', 'Telugu', 'Thai', 'Georgian', 'Armenian', 'Ethiopic'],
] as const;

const patterns = known.map((name) => ({ name, pattern: new RegExp(`^\\p{Script=${name}}`, 'u') }));
const letter = /^\p{L}/u;

/** Letters that are looked at: enough to tell, and as much work for a long text as for a short one. */
const mostLetters = 256;

/** @returns `Other` for a script that is not counted by name, '' for a text without letters */
export function mainScript(text: string): string {
  const counts = new Map<string, number>();
  let letters = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x41 || !letter.test(character)) continue;
    const name = code < 0x80 ? 'Latin' : (patterns.find(({ pattern }) => pattern.test(character))?.name ?? 'Other');
    counts.set(name, (counts.get(name) ?? 0) + 1);
    letters++;
    if (letters === mostLetters) break;
  }
  let [main, most] = ['', 0];
  for (const [name, count] of counts) if (count > most) [main, most] = [name, count];
  return main;
}
