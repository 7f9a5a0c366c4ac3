// A small uncased BERT tokenizer, as tokenizer.json has it.

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789.,!?\'"()-#[]αβγσабв。，中文字각ひら';
const words = ['the', 'pump', 'is', 'over', '##heat', '##ing', '##s', 'un', '##know', '##n', 'we', '##ll', '3', '##14'];

export function bertVocabulary(): Record<string, number> {
  const tokens = [...special, ...letters, ...[...letters].map((letter) => `##${letter}`), ...words];
  return Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id]));
}

export function bertTokenizer(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const vocab = bertVocabulary();
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      ...{
        id,
        content,
        single_word: false,
        lstrip: content === '[MASK]',
        rstrip: false,
        normalized: false,
        special: true,
      },
    })),
    normalizer: {
      ...{ type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', vocab['[SEP]']], cls: ['[CLS]', vocab['[CLS]']] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
    ...changes,
  };
}
