// Texts of others on a terminal: names, notes, labels, reasons, a server's messages. They must not steer it, hide or reorder what is
// shown, or look like lines of the command's own.

/**
 * Controls (ESC, OSC and the other sequences of C0 and C1), format characters (marks of direction, of zero width, tags), separators
 * of lines and paragraphs, and halves of characters.
 */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** The same but for the end of a line, in text that has lines. */
const steeringInLines = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** One line for people, each such character replaced. */
export function printable(line: string): string {
  return line.replace(steering, '\ufffd');
}

/** Text of several lines, such as a stack. */
export function printableLines(text: string): string {
  return text.replace(steeringInLines, '\ufffd');
}

/** JSON for programs, which may be read on a terminal: the same value, each such character as its escape. */
export function printableJson(text: string): string {
  return text.replace(steeringInLines, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
