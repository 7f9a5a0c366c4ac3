// One picture at a PoP: what `popserve infer --image` sends and shows.
import { readFile } from 'node:fs/promises';
import { PopserveError } from '../../registry/errors.ts';
import { readPictureHeader } from '../../worker/pipeline/picture-header.ts';
import { shellLine } from '../shell-words.ts';
import { urlPath } from './connection.ts';
import type { Context } from './context.ts';
import { type Report, table } from './report.ts';
import { answerRows, readPictureAnswer } from './task-answer.ts';

export interface PictureQuestion {
  readonly model: string;
  /** A version or an alias; undefined: what is served. */
  readonly version: string | undefined;
  readonly file: string;
  readonly minEpoch: number | undefined;
}

/** @throws {PopserveError} for a file that is no picture, and whatever the PoP says */
export async function inferPicture(context: Context, question: PictureQuestion): Promise<Report> {
  const { model, version, file, minEpoch } = question;
  const { connection, progress } = context;
  const bytes = await readPicture(file);
  const { format } = readPictureHeader(bytes, file);
  const target = version === undefined ? '' : urlPath`/versions/${version}`;
  const path = `${urlPath`v2/models/${model}`}${target}/infer`;
  const contentType = `image/${format}`;
  progress.step(`asking ${connection.settings.url}`);
  const reply = await connection.send({
    method: 'POST',
    path,
    body: bytes,
    headers: {
      'content-type': contentType,
      ...(minEpoch === undefined ? {} : { 'popserve-min-epoch': String(minEpoch) }),
    },
    authorized: connection.settings.token !== null,
    repeat: 'always',
  });
  const answer = readPictureAnswer(reply.body, `the answer of ${connection.settings.url}`);
  const endpoint = new URL(path, connection.settings.url).href;
  return {
    lines: [
      `${model} ${reply.headers.get('popserve-version') ?? ''} of ${file}`.replace('  ', ' '),
      ...table(answerRows(answer)),
      'the same by curl:',
      `  ${shellLine(['curl', '-s', endpoint, '-H', `content-type: ${contentType}`, '--data-binary', `@${file}`])}`,
    ],
    value: answer,
  };
}

async function readPicture(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw new PopserveError('INVALID_ARGUMENT', `cannot read ${file}: ${String(cause)}`, { cause });
  }
}
