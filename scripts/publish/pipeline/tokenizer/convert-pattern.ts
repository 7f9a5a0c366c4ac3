// Patterns of tokenizer.json. Texts are taken as they are; of regular expressions only those that the Worker has as code.
import * as z from 'zod';
import { invalid } from '../../../../registry/errors.ts';
import type { Pattern } from '../../../../worker/pipeline/text/replace.ts';
import { patternTexts, type WordPattern, wordPatterns } from '../../../../worker/pipeline/text/word-patterns.ts';

export const patternSourceSchema = z.union([
  z.strictObject({ String: z.string() }),
  z.strictObject({ Regex: z.string() }),
]);
type PatternSource = z.infer<typeof patternSourceSchema>;

const replaced: Readonly<Record<string, Pattern>> = {
  ' {2,}': { find: 'spaces' },
  '\\s+': { find: 'whitespace' },
};

/** @throws {PopserveError} INVALID_ARGUMENT for a regular expression that is not known */
export function convertReplacePattern(source: PatternSource, what: string): Pattern {
  const known = 'Regex' in source ? replaced[source.Regex] : undefined;
  return known ?? convertText(source, what, Object.keys(replaced));
}

/** @throws {PopserveError} INVALID_ARGUMENT for a regular expression that is not known */
export function convertSplitPattern(source: PatternSource, what: string): Pattern | { find: WordPattern } {
  const known = 'Regex' in source ? wordPatterns.find((name) => patternTexts[name] === source.Regex) : undefined;
  if (known !== undefined) return { find: known };
  const isWhitespace = 'Regex' in source && source.Regex === '\\s+';
  return isWhitespace ? { find: 'whitespace' } : convertText(source, what, ['\\s+', ...Object.values(patternTexts)]);
}

function convertText(source: PatternSource, what: string, known: readonly string[]): Pattern {
  if ('Regex' in source) {
    throw invalid(
      `${what}: regular expression ${source.Regex.slice(0, 400)} is not supported; expected a text or one of ${known.join('   ')}`,
    );
  }
  const { String: text } = source;
  if (text === '' || text.length > 64)
    throw invalid(`${what}: expected a pattern of 1 to 64 characters, got ${text.length}`);
  return { find: 'text', text };
}
