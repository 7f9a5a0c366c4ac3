// One text at a PoP: what `popserve infer --text` sends and shows.
import { invalid, type PopserveError } from '../../registry/errors.ts';
import { shellLine } from '../../registry/shell-words.ts';
import { type AskedModel, askModel, curlOf, type Question, titleOf } from './ask-model.ts';
import type { Context } from './context.ts';
import { readMetadata } from './model-metadata.ts';
import type { Report } from './report.ts';
import { answerLines, readTextAnswer } from './task-answer.ts';
import { UsageError } from './usage-error.ts';

/** @throws {PopserveError} whatever the PoP says */
export async function inferText(context: Context, asked: AskedModel, text: string): Promise<Report> {
  if (text === '') throw new UsageError('--text is empty: expected a text');
  const question: Question = {
    body: text,
    contentType: 'text/plain; charset=utf-8',
    curlBody: ['--data-raw', text],
  };
  const reply = await askModel(context, asked, question).catch(async (error: unknown) => {
    throw (await takesNoText(context, asked, text)) ?? error;
  });
  const answer = readTextAnswer(reply.body, `the answer of ${context.connection.settings.url}`);
  const tokens = reply.headers.get('popserve-tokens');
  const isCut = reply.headers.get('popserve-truncated') !== null;
  return {
    lines: [
      titleOf(asked, reply, `${tokens ?? 'some'} tokens`),
      ...answerLines(answer),
      ...(isCut ? [`the text was cut off after ${tokens} tokens`] : []),
      ...curlOf(context, asked, question),
    ],
    value: answer,
  };
}

/**
 * A version without a pipeline takes a plain text for JSON, and tells of a fault in it that nobody has made. A string among its inputs
 * is asked for by a record.
 * @returns null where the version does take texts, or pictures, or cannot be read
 */
async function takesNoText(context: Context, asked: AskedModel, text: string): Promise<PopserveError | null> {
  const metadata = await readMetadata(context, asked).catch(() => null);
  if (metadata === null || metadata.pipeline !== undefined) return null;
  const [only, ...others] = metadata.features;
  const advice =
    only?.type === 'string' && others.length === 0
      ? `ask with ${shellLine(['--record', `${only.name}=${text}`])}`
      : 'ask with --record or --input (--example prints a request)';
  return invalid(`--text: ${asked.model} was published without a task that takes texts, see docs/texts.md; ${advice}`);
}
