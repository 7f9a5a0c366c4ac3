// Tokenizers of the sizes that models have, from a seed, and texts for them: what they measure depends on sizes and not on a language.
import { Dice } from '../fuzz/dice.ts';

export interface TokenSource {
  readonly name: string;
  /** As tokenizer.json has it. */
  readonly json: unknown;
  /** A text of words that the vocabulary knows in pieces. */
  readonly text: string;
}

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const letters = 'abcdefghijklmnopqrstuvwxyz';
const processing = { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] };

/** As BERT has it: letters, syllables and words, half of them for the inside of a word. */
export function wordPieceSource(tokens: number): TokenSource {
  const draw = new Syllables(11);
  const vocab = new Set([...special, ...letters, ...[...letters].map((letter) => `##${letter}`)]);
  while (vocab.size < tokens) vocab.add(`${vocab.size % 2 === 0 ? '' : '##'}${draw.word()}`);
  return {
    name: `WordPiece, ${tokens.toLocaleString('en')} tokens`,
    json: {
      added_tokens: special.map((content, id) => ({ id, content, normalized: false })),
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: processing,
      model: { type: 'WordPiece', vocab: Object.fromEntries([...vocab].map((token, id) => [token, id])) },
    },
    text: draw.text(),
  };
}

/** As XLM-R has it: pieces with scores behind spaces that are characters. */
export function unigramSource(tokens: number): TokenSource {
  const draw = new Syllables(12);
  const pieces = new Set([...special, '▁', ...letters]);
  while (pieces.size < tokens) pieces.add(`${pieces.size % 2 === 0 ? '▁' : ''}${draw.word()}`);
  return {
    name: `Unigram, ${tokens.toLocaleString('en')} tokens`,
    json: {
      added_tokens: special.map((content, id) => ({ id, content, normalized: false })),
      normalizer: { type: 'NFKC' },
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      post_processor: processing,
      model: { type: 'Unigram', unk_id: 1, vocab: [...pieces].map((piece, rank) => [piece, -1 - Math.log(1 + rank)]) },
    },
    text: draw.text(),
  };
}

class Syllables {
  readonly #dice: Dice;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
  }

  word(): string {
    const pick = (sounds: string) => this.#dice.from(sounds.split(' '));
    const syllables = this.#dice.below(3) + 1;
    let word = '';
    for (let index = 0; index < syllables; index += 1) word += pick(consonants) + pick(vowels) + pick(endings);
    return word;
  }

  /** 1,500 characters, about 350 tokens. */
  text(): string {
    let text = '';
    while (text.length < 1500) text += `${this.word()}${this.#dice.chance(0.1) ? ', ' : ' '}`;
    return text;
  }
}

const consonants = 'b c d f g h k l m n p r s t v w z st tr pl';
const vowels = 'a e i o u y ea ou';
const endings = ' n r s t nd';
