// Words of a command line as a POSIX shell reads them back, so that a command in a message can be pasted as it stands.

/** In single quotes, whatever it holds. */
function quoteWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In quotes only where it needs them. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoteWord(text);
}

export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}
