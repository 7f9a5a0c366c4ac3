// One picture at a PoP: what `popserve infer --image` sends and shows.
import { readFile, writeFile } from 'node:fs/promises';
import { PopserveError } from '../../registry/errors.ts';
import { orient } from '../../worker/pipeline/orient.ts';
import { readPictureHeader } from '../../worker/pipeline/picture-header.ts';
import { encodePng } from '../png.ts';
import { shellLine } from '../shell-words.ts';
import { decodeImage } from '../validation/folder/decode-image.ts';
import { urlPath } from './connection.ts';
import type { Context } from './context.ts';
import { drawObjects } from './drawing/draw-objects.ts';
import { type Report, table } from './report.ts';
import { answerRows, objectsOf, readPictureAnswer } from './task-answer.ts';

export interface PictureQuestion {
  readonly model: string;
  /** A version or an alias; undefined: what is served. */
  readonly version: string | undefined;
  readonly file: string;
  readonly minEpoch: number | undefined;
  /** Where a copy of the picture with its boxes goes, as PNG. */
  readonly draw: string | undefined;
}

/** @throws {PopserveError} for a file that is no picture, and whatever the PoP says */
export async function inferPicture(context: Context, question: PictureQuestion): Promise<Report> {
  const { model, version, file, minEpoch, draw } = question;
  const { connection, progress } = context;
  const bytes = await readPicture(file);
  const { format, orientation } = readPictureHeader(bytes, file);
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
  const objects = objectsOf(answer);
  if (draw !== undefined) {
    if (objects === null) {
      throw new PopserveError(
        'INVALID_ARGUMENT',
        `--draw ${draw}: ${model} gives no boxes, and nothing else has a place in the picture`,
      );
    }
    const picture = drawObjects(orient(await decodeImage(bytes, file), orientation), objects);
    await writePicture(draw, encodePng(picture, 4, picture.rgba));
  }
  return {
    lines: [
      `${model} ${reply.headers.get('popserve-version') ?? ''} of ${file}`.replace('  ', ' '),
      ...(answer.length === 0 ? ['nothing scores enough to be told'] : table(answerRows(answer))),
      ...(draw === undefined ? [] : [`drawn into ${draw}`]),
      'the same by curl:',
      `  ${shellLine(['curl', '-s', endpoint, '-H', `content-type: ${contentType}`, '--data-binary', `@${file}`])}`,
    ],
    value: answer,
  };
}

async function writePicture(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes);
  } catch (cause) {
    throw new PopserveError('INVALID_ARGUMENT', `cannot write ${file}: ${String(cause)}`, { cause });
  }
}

async function readPicture(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw new PopserveError('INVALID_ARGUMENT', `cannot read ${file}: ${String(cause)}`, { cause });
  }
}
