// One text at a PoP: what `popserve infer --text` sends and shows.

import { type AskedModel, askModel, curlOf, type Question, titleOf } from './ask-model.ts';
import type { Context } from './context.ts';
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
  const reply = await askModel(context, asked, question);
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
