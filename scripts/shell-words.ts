// Words of a command line as a POSIX shell reads them back, so that a command in a message can be pasted as it stands.

/** In single quotes, whatever it holds. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Quotes only the words that need it. */
export function shellLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoteWord(word))).join(' ');
}
