// The lines of a report as a terminal takes them: columns stand below each other, and a cell that is too wide goes on in the next line.
import { largest } from '../../registry/extremes.ts';
import type { Line, Sentence, Table } from './report.ts';

const gap = 2;
/** No column is made narrower than this. */
const leastWidth = 8;

/** @param columns of the terminal; null where there is none: then a row is one line, as grep and awk want it */
export function layOut(lines: readonly Line[], columns: number | null): string[] {
  return lines.flatMap((line) => {
    if (typeof line === 'string') return [line];
    return 'sentence' in line ? sentenceLines(line, columns) : rowLines(line, columns).flat();
  });
}

/** Words stay whole where they fit; a longer one is broken. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => pieces(each, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** The first line is as wide as the others, so that its rest can be wrapped like them. */
function sentenceLines({ sentence, indent }: Sentence, columns: number | null): string[] {
  if (columns === null || sentence.length <= columns) return [sentence];
  const head = sentence.slice(0, indent);
  return wrapped(sentence.slice(indent), Math.max(leastWidth, columns - indent)).map(
    (line, at) => `${at === 0 ? head : ' '.repeat(indent)}${line}`,
  );
}

/** @returns the lines of each row, the header's first */
export function rowLines({ rows }: Table, columns: number | null): string[][] {
  const [header = [], ...body] = rows;
  const used = header.map((_, at) => at).filter((at) => body.some((row) => (row[at] ?? '') !== ''));
  const cells = rows.map((row) => used.map((at) => row[at] ?? ''));
  const natural = used.map((_, at) => largest(cells.map((row) => row[at]?.length ?? 0)));
  const widths = columns === null ? natural : narrowed(natural, columns);
  return cells.map((row) => {
    const parts = row.map((cell, at) => (cell.length > (widths[at] ?? 0) ? wrapped(cell, widths[at] ?? 1) : [cell]));
    return Array.from({ length: largest(parts.map((part) => part.length)) }, (_, line) =>
      parts
        .map((part, at) => (part[line] ?? '').padEnd(widths[at] ?? 0))
        .join(' '.repeat(gap))
        .trimEnd(),
    );
  });
}

/** The widest columns give the room that is missing, a place at a time. */
function narrowed(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  const room = columns - gap * (widths.length - 1);
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const widest = largest(widths);
    if (widest <= leastWidth) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

function pieces(word: string, width: number): string[] {
  const characters = [...word];
  const count = Math.max(1, Math.ceil(characters.length / width));
  return Array.from({ length: count }, (_, at) => characters.slice(at * width, (at + 1) * width).join(''));
}
