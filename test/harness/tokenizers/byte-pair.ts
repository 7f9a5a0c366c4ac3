// Byte-pair tokenizers of the tests' own, trained on a few lines; as tokenizer.json has them.

const lines = `The pump on line three is overheating, and its temperature alarm hasn't stopped since 03:42.
We'll replace the bearings; they're worn. I've measured 3.14159 mm of play, you'd better stop it now!
How do I reset my password? Please don't send it by mail. The cat sat on the mat with the hat.
Die Größe der Straße überraschte mich. L'été dernier, nous étions à Nîmes. ¿Dónde está el baño?
Привет, как дела? Температура насоса слишком высокая. 温度が高すぎます。ポンプを止めてください。`;

/** Merges the most frequent pair again and again; of equal ones that which is first in the order of its text. */
function train(words: readonly string[][], count: number): [string, string][] {
  let current = words.map((word) => [...word]);
  const merges: [string, string][] = [];
  while (merges.length < count) {
    const counts = new Map<string, number>();
    for (const word of current) {
      for (let index = 1; index < word.length; index += 1) {
        const pair = `${word[index - 1]}\n${word[index]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const [best] = [...counts].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
    if (best === undefined || best[1] < 2) break;
    const [left = '', right = ''] = best[0].split('\n');
    merges.push([left, right]);
    current = current.map((word) => join(word, left, right));
  }
  return merges;
}

function join(word: readonly string[], left: string, right: string): string[] {
  const joined: string[] = [];
  for (const symbol of word) {
    if (symbol === right && joined.at(-1) === left) joined[joined.length - 1] = left + right;
    else joined.push(symbol);
  }
  return joined;
}

/** The characters that bytes become. */
const alphabet = (() => {
  const visible = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(visible(byte) ? byte : next++));
})();

function toVisible(text: string): string[] {
  return Array.from(Buffer.from(text), (byte) => alphabet[byte] ?? '');
}

function vocabularyOf(special: readonly string[], symbols: readonly string[], merges: readonly [string, string][]) {
  const tokens = [...special, ...symbols, ...merges.map(([left, right]) => left + right)];
  return Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id]));
}

function added(content: string, id: number, changes: Record<string, unknown> = {}) {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return { id, content, ...plain, ...changes };
}

/** As RoBERTa has it. */
export function byteLevelTokenizer(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const special = ['<s>', '<pad>', '</s>', '<unk>', '<mask>'];
  const words = lines.match(/ ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+/gu) ?? [];
  const merges = train(words.map(toVisible), 400);
  const vocab = vocabularyOf(special, [...alphabet].sort(), merges);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => added(content, id, content === '<mask>' ? { lstrip: true } : {})),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      ...{ type: 'RobertaProcessing', sep: ['</s>', 2], cls: ['<s>', 0], trim_offsets: true, add_prefix_space: false },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      ...{ dropout: null, unk_token: null, continuing_subword_prefix: '', end_of_word_suffix: '', fuse_unk: false },
      ...{ byte_fallback: false, vocab, merges: merges.map(([left, right]) => `${left} ${right}`) },
    },
    ...changes,
  };
}

/** As LLaMA has it: spaces as `▁`, no cutting into words, and bytes for what is not in the vocabulary. */
export function byteFallbackTokenizer(model: Record<string, unknown> = {}): Record<string, unknown> {
  const special = ['<unk>', '<s>', '</s>'];
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const words = (lines.match(/\S+/g) ?? []).map((word) => [...`▁${word}`]);
  const merges = train(words, 300);
  const symbols = [...new Set(words.flat())].filter((symbol) => symbol !== '温' && symbol !== 'ß').sort();
  const known = merges.filter(([left, right]) => !/[温ß]/.test(left + right));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => added(content, id, { normalized: content !== '<s>' })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: null,
    model: {
      type: 'BPE',
      ...{
        dropout: null,
        unk_token: '<unk>',
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: true,
      },
      ...{ byte_fallback: true, vocab: vocabularyOf(special, [...bytes, ...symbols], known), merges: known },
      ...model,
    },
  };
}

/** As CLIP has it: words end in `</w>`. */
export function suffixTokenizer(): Record<string, unknown> {
  const special = ['<|startoftext|>', '<|endoftext|>'];
  const words = (lines.toLowerCase().match(/\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu) ?? []).map((word) => {
    const symbols = toVisible(word);
    return [...symbols.slice(0, -1), `${symbols.at(-1)}</w>`];
  });
  const merges = train(words, 300);
  const symbols = [...alphabet, ...alphabet.map((symbol) => `${symbol}</w>`)];
  const vocab = vocabularyOf([], symbols, merges);
  const size = Object.keys(vocab).length;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, index) => added(content, size + index)),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      ...{
        sep: ['<|endoftext|>', size + 1],
        cls: ['<|startoftext|>', size],
        trim_offsets: false,
        add_prefix_space: false,
      },
    },
    decoder: null,
    model: {
      type: 'BPE',
      ...{ dropout: null, unk_token: '<|endoftext|>', continuing_subword_prefix: '', end_of_word_suffix: '</w>' },
      ...{
        fuse_unk: false,
        byte_fallback: false,
        vocab: { ...vocab, '<|startoftext|>': size, '<|endoftext|>': size + 1 },
      },
      merges,
    },
  };
}
