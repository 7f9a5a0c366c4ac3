// Unicode's normalisation forms of an aligned text, with the places that the Rust tokenizers give the code points.
// @see https://www.unicode.org/reports/tr15/
import { type AlignedText, TextBuilder } from './aligned-text.ts';
import { classesOf, later, mark } from './characters.ts';
import { combiningRank } from './combining.ts';

export const unicodeForms = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;
export type UnicodeForm = (typeof unicodeForms)[number];

export function toUnicodeForm(text: AlignedText, form: UnicodeForm): AlignedText {
  const { codes, length } = text;
  const composed = form === 'NFC' || form === 'NFKC';
  const decomposition = form === 'NFC' || form === 'NFD' ? 'NFD' : 'NFKD';
  const builder = new TextBuilder(text);
  const run = new Run();
  for (let index = 0; index < length; index += 1) {
    const code = codes[index] ?? 0;
    const alone = !composed || index + 1 === length || !joinsBefore(codes[index + 1] ?? 0);
    if (alone && isStable(code, form)) {
      run.write(builder, composed);
      builder.replace(code);
    } else {
      run.add(code, decomposition);
    }
  }
  run.write(builder, composed);
  return builder.build();
}

/** Code points between two that the form leaves alone, decomposed. */
class Run {
  readonly #codes: number[] = [];
  /** 0: the first that a code point became; 1: a further one. */
  readonly #changes: number[] = [];
  /** Where the marks begin that are not sorted yet. */
  #sorted = 0;

  add(code: number, form: 'NFD' | 'NFKD'): void {
    let change = 0;
    for (const part of decompose(code, form)) {
      if (combiningRank(part) === 0) this.#sort();
      this.#codes.push(part);
      this.#changes.push(change);
      if (combiningRank(part) === 0) this.#sorted = this.#codes.length;
      change = 1;
    }
  }

  write(builder: TextBuilder, composed: boolean): void {
    if (this.#codes.length === 0) return;
    this.#sort();
    if (composed) this.#compose(builder);
    else for (const [index, code] of this.#codes.entries()) builder.change(code, this.#changes[index] ?? 0);
    this.#codes.length = 0;
    this.#changes.length = 0;
    this.#sorted = 0;
  }

  /** Marks in the order of their classes; those of one class stay as they are. */
  #sort(): void {
    const from = this.#sorted;
    const to = this.#codes.length;
    this.#sorted = to;
    if (to - from < 2) return;
    const marks = this.#codes.slice(from).map((code, index) => ({
      code,
      rank: combiningRank(code),
      change: this.#changes[from + index] ?? 0,
    }));
    if (marks.every(({ rank }, index) => index === 0 || (marks[index - 1]?.rank ?? 0) <= rank)) return;
    marks.sort((left, right) => left.rank - right.rank);
    marks.forEach(({ code, change }, index) => {
      this.#codes[from + index] = code;
      this.#changes[from + index] = change;
    });
  }

  /** Joins each starter with the marks behind it, as far as a mark of the same class does not stand between them. */
  #compose(builder: TextBuilder): void {
    let starter = -1;
    let starterChange = 0;
    /** Rank of the last mark that could not be joined; 0: none. */
    let blocked = 0;
    const waiting: { code: number; change: number }[] = [];
    const flush = () => {
      if (starter >= 0) builder.change(starter, starterChange);
      for (const { code, change } of waiting) builder.change(code, change);
      waiting.length = 0;
      blocked = 0;
    };
    this.#codes.forEach((code, index) => {
      const change = this.#changes[index] ?? 0;
      const rank = combiningRank(code);
      if (starter < 0 && rank !== 0) {
        builder.change(code, change);
        return;
      }
      const joined = starter >= 0 && (blocked === 0 || blocked < rank) ? compose(starter, code) : -1;
      if (joined >= 0) {
        starter = joined;
        starterChange += change - 1;
      } else if (rank === 0) {
        flush();
        starter = code;
        starterChange = change;
      } else {
        waiting.push({ code, change });
        blocked = rank;
      }
    });
    flush();
  }
}

function decompose(code: number, form: 'NFD' | 'NFKD'): Iterable<number> {
  if (code < 0xa0 || (classesOf(code) & later) !== 0) return [code];
  return Array.from(String.fromCodePoint(code).normalize(form), (part) => part.codePointAt(0) ?? 0);
}

/** @returns the code point that two become, or -1 */
function compose(left: number, right: number): number {
  if (!joinsBefore(right)) return -1;
  const joined = String.fromCodePoint(left, right).normalize('NFC');
  const code = joined.codePointAt(0) ?? 0;
  return joined.length === (code > 0xffff ? 2 : 1) ? code : -1;
}

/** Whether a code point may become one with what stands before it: a mark, or a vowel or a final consonant of Hangul. */
function joinsBefore(code: number): boolean {
  if (code < 0x0300) return false;
  if (code >= 0x1160 && code <= 0x11ff) return true;
  return (classesOf(code) & (mark | later)) === mark;
}

/** Forms that leave a code point of the basic plane as it is, one bit each; asked once. */
const stable = new Uint8Array(0x10000);

function isStable(code: number, form: UnicodeForm): boolean {
  if (code < 0xa0) return true;
  if (code > 0xffff) return findStable(code, form);
  const bit = 1 << unicodeForms.indexOf(form);
  const known = bit << 4;
  const bits = stable[code] ?? 0;
  if ((bits & known) !== 0) return (bits & bit) !== 0;
  stable[code] = bits | known | (findStable(code, form) ? bit : 0);
  return ((stable[code] ?? 0) & bit) !== 0;
}

/** Marks are not: their order may change. */
function findStable(code: number, form: UnicodeForm): boolean {
  if ((classesOf(code) & later) !== 0) return true;
  const text = String.fromCodePoint(code);
  return !joinsBefore(code) && text.normalize(form) === text;
}
