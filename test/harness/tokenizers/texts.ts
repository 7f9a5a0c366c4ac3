// Texts for tokenizers, drawn from a seed: words, scripts, marks, emoji, control characters, halves of surrogate pairs, long words.

/** Mulberry32. */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** First and last code points of what is drawn from together. */
const ranges: readonly (readonly [number, number])[] = [
  [0x61, 0x7a],
  [0x61, 0x7a],
  [0x20, 0x7e],
  [0x30, 0x39],
  [0x00, 0x30],
  [0xa0, 0x24f],
  [0x300, 0x36f],
  [0x370, 0x52f],
  [0x590, 0x6ff],
  [0x900, 0xdff],
  [0xe00, 0xfff],
  [0x1100, 0x11ff],
  [0x1e00, 0x1fff],
  [0x2000, 0x206f],
  [0x2100, 0x214f],
  [0x2460, 0x24ff],
  [0x3040, 0x30ff],
  [0x3200, 0x33ff],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0xd800, 0xdfff],
  [0xe000, 0xe0ff],
  [0xf900, 0xfb4f],
  [0xfb50, 0xfdff],
  [0xfe00, 0xffff],
  [0x10000, 0x11fff],
  [0x1d000, 0x1dfff],
  [0x1f1e6, 0x1f1ff],
  [0x1f300, 0x1faff],
  [0x20000, 0x2fa1f],
  [0x0, 0x10ffff],
];

const fragments = [
  ' ',
  ' ',
  ' ',
  '  ',
  '\t',
  '\n',
  '\r\n',
  '\u00a0',
  '\u2003',
  '\u3000',
  '\u200b',
  '\u200d',
  '\ufe0f',
  '\ufeff',
  '\u202e',
  'the',
  ' The ',
  'pump',
  ' is',
  'ing',
  '42',
  '3.14',
  "don't",
  "we'll",
  '##',
  '[SEP]',
  '[MASK]',
  '<s>',
  '</s>',
  '<mask>',
  '<unk>',
  '👩‍👩‍👧',
  '🏳️‍🌈',
  '👍🏽',
  'e\u0301',
  'ẹ\u0302',
  '각',
  'ﬁ',
  '½',
  'Å',
  'ß',
  'İ',
  'ς',
  'Σ',
  '。',
  '，',
  '—',
  '…',
  '…',
  '▁',
  '▁▁',
  'Ġ',
];

/** @returns a text of up to about `most` fragments */
export function drawText(random: () => number, most = 40): string {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const own = [pick(ranges), pick(ranges), ranges[0] as readonly [number, number]];
  const length = Math.floor(random() * most);
  let text = '';
  for (let index = 0; index < length; index += 1) {
    if (random() < 0.35) {
      text += pick(fragments);
      continue;
    }
    const [first, last] = pick(own);
    const repeats = random() < 0.02 ? Math.floor(random() * 300) : 1;
    const one = String.fromCodePoint(first + Math.floor(random() * (last - first + 1)));
    text += one.repeat(repeats);
  }
  return text;
}
