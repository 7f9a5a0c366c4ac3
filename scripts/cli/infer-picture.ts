// One picture at a PoP: what `popserve infer --image` sends and shows.
import { readFile, writeFile } from 'node:fs/promises';
import { PopserveError } from '../../registry/errors.ts';
import { orient } from '../../worker/pipeline/orient.ts';
import { readPictureHeader } from '../../worker/pipeline/picture-header.ts';
import { encodePng } from '../png.ts';
import { unreadable } from '../unreadable.ts';
import { decodeImage } from '../validation/folder/decode-image.ts';
import { type AskedModel, askModel, curlOf, type Question, titleOf } from './ask-model.ts';
import type { Context } from './context.ts';
import { drawObjects } from './drawing/draw-objects.ts';
import type { Report } from './report.ts';
import { answerLines, objectsOf, readPictureAnswer } from './task-answer.ts';

export interface PictureQuestion extends AskedModel {
  readonly file: string;
  /** Where a copy of the picture with its boxes goes, as PNG. */
  readonly draw: string | undefined;
}

/** @throws {PopserveError} for a file that is no picture, and whatever the PoP says */
export async function inferPicture(context: Context, asked: PictureQuestion): Promise<Report> {
  const { model, file, draw } = asked;
  const bytes = await readPicture(file);
  const { format, orientation } = readPictureHeader(bytes, file);
  const question: Question = { body: bytes, contentType: `image/${format}`, curlBody: ['--data-binary', `@${file}`] };
  const reply = await askModel(context, asked, question);
  const answer = readPictureAnswer(reply.body, `the answer of ${context.connection.settings.url}`);
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
      titleOf(asked, reply, file),
      ...answerLines(answer),
      ...(draw === undefined ? [] : [`drawn into ${draw}`]),
      ...curlOf(context, asked, question),
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
    throw unreadable(file, cause);
  }
}
