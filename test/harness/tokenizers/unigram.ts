// Unigram tokenizers of the tests' own, as tokenizer.json has them.
import { compileRules } from './compiled-rules.ts';
import { dice } from './texts.ts';

const words =
  'the pump on line three is over heat ing and its temperature alarm has stopped we replace bearings they are worn un know able' +
  ' größe straße été nous привет как дела 温度 が 高 すぎ ます';

/** Every character of the words, their beginnings and ends, with scores from a seed. */
function vocabulary(special: readonly string[]): [string, number][] {
  const random = dice(20261128);
  const pieces = new Set<string>();
  for (const character of new Set(words.replaceAll(' ', ''))) pieces.add(character);
  for (const word of words.split(' ')) {
    for (let length = 2; length <= word.length; length += 1) {
      pieces.add(word.slice(0, length));
      pieces.add(`▁${word.slice(0, length)}`);
      pieces.add(word.slice(-length));
    }
  }
  for (const extra of ['▁', '▁▁', '.', ',', '!', '?', "'", '"', '0', '1', '2', '3', '(', ')', 'A', '▁T'])
    pieces.add(extra);
  const scored = [...pieces].map((piece): [string, number] => [
    piece,
    -2 - 3 * random() - 1.5 * (3 - Math.min(3, piece.length)),
  ]);
  return [...special.map((token): [string, number] => [token, 0]), ...scored];
}

const normalizers = {
  sentencePiece: () => ({ type: 'Precompiled', precompiled_charsmap: compileRules() }),
  /** multilingual-e5's. */
  collapsing: () => ({
    type: 'Sequence',
    normalizers: [
      { type: 'Precompiled', precompiled_charsmap: compileRules() },
      { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
    ],
  }),
  /** ALBERT's. */
  albert: () => ({
    type: 'Sequence',
    normalizers: [
      { type: 'Replace', pattern: { String: '``' }, content: '"' },
      { type: 'Replace', pattern: { String: "''" }, content: '"' },
      { type: 'NFKD' },
      { type: 'StripAccents' },
      { type: 'Lowercase' },
      { type: 'Precompiled', precompiled_charsmap: compileRules() },
    ],
  }),
  /** DeBERTa's, nearly. */
  stripping: () => ({
    type: 'Sequence',
    normalizers: [{ type: 'Strip', strip_left: true, strip_right: true }, { type: 'Nmt' }, { type: 'NFKC' }],
  }),
};

const metaspace = { type: 'Metaspace', replacement: '▁', add_prefix_space: true };

const preTokenizers = {
  /** XLM-R's. */
  words: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
  metaspace,
  first: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false },
  none: null,
};

export function unigramTokenizer(
  normalizer: keyof typeof normalizers,
  preTokenizer: keyof typeof preTokenizers,
  byteFallback = false,
): Record<string, unknown> {
  const special = ['<s>', '<pad>', '</s>', '<unk>', '<mask>'];
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const vocab = vocabulary(byteFallback ? [...special, ...bytes] : special);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      ...{
        id,
        content,
        single_word: false,
        lstrip: content === '<mask>',
        rstrip: false,
        normalized: false,
        special: true,
      },
    })),
    normalizer: normalizers[normalizer](),
    pre_tokenizer: preTokenizers[preTokenizer],
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '<s>', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '</s>', type_id: 0 } },
      ],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
      special_tokens: {
        '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] },
        '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] },
      },
    },
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: 3, vocab, byte_fallback: byteFallback },
  };
}
