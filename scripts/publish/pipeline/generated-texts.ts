// Texts for samples and golden vectors where no test data has any: the same for every version of every model.

/** Of several lengths and scripts, with names, numbers and an emoji. */
export const generatedTexts: readonly string[] = [
  'The quick brown fox jumps over the lazy dog.',
  'Ada Lovelace wrote the first program in London in 1843.',
  'I would not buy this again: it broke after two days.',
  'Die Züge nach München fahren heute nicht, sagte die Bahn.',
  '東京は日本の首都です。Москва — столица России. 🙂',
  'ok',
];
