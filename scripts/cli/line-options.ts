// The options of `popserve publish` for pictures of one line of writing: their size, and what the model's classes write.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LabelsFile } from '../publish/options.ts';
import type { PipelineTask } from '../publish/pipeline/options.ts';
import { type LineSize, readKeys, type WritingOptions } from '../publish/pipeline/plan-line.ts';

import { parseCount, parseNumber } from './arguments.ts';
import type { GateArguments } from './gate-options.ts';
import { UsageError } from './usage-error.ts';

export interface LineArguments {
  labels?: LabelsFile[];
  blank?: 'first' | 'last';
  space?: boolean;
  imageHeight?: number;
  imageWidth?: Widths;
  imagePadding?: number;
}

interface Widths {
  readonly least: number;
  readonly most: number;
}

export function addLineOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--blank <place>', 'of the class that writes nothing, for image-to-text').choices(['first', 'last']),
    )
    .option('--space', 'the model has a class for the space behind the labels of the file, for image-to-text')
    .option('--image-height <pixels>', 'of a line of writing, whose width follows from it', parseCount)
    .option(
      '--image-width <least-most>',
      'of a line of writing, in pixels: 320-2400, or 192 for one width',
      parseWidths,
    )
    .option('--image-padding <value>', 'behind a line shorter than the others, after normalisation', parseNumber);
}

/**
 * @returns null for pictures that are no lines
 * @throws {UsageError} for options that do not go together, or not without others
 */
export function lineOptions(options: LineArguments & GateArguments): LineSize | null {
  const { imageHeight: height, imageWidth: width, imagePadding: padding, imageResize, imageCrop } = options;
  if (height === undefined && width === undefined && padding === undefined) return null;
  if (imageResize !== undefined || imageCrop !== undefined) {
    throw new UsageError('--image-height is for lines of writing: --image-resize and --image-crop do not go with it');
  }
  if (height === undefined || width === undefined || padding === undefined) {
    throw new UsageError(
      'lines of writing need --image-height, --image-width and --image-padding together, as the model was trained: --image-height 48 --image-width 320-2400 --image-padding 0 for most of PaddleOCR',
    );
  }
  return { height, leastWidth: width.least, mostWidth: width.most, padding };
}

/** @throws {UsageError} for image-to-text without what it needs, and for its options without it */
export function requireWriting(task: PipelineTask | null, options: LineArguments & GateArguments): void {
  const { labels, blank, space } = options;
  if (task !== 'image-to-text') {
    if (blank === undefined && !space) return;
    throw new UsageError(`${blank === undefined ? '--space' : '--blank'} goes with --task image-to-text`);
  }
  if (options.testData !== undefined || options.reference !== undefined) {
    throw new UsageError(
      'the gate does not judge texts: --test-data and --reference do not go with --task image-to-text; publish without them, and compare texts by the answers of a PoP',
    );
  }
  if (labels?.length === 1 && blank !== undefined) return;
  throw new UsageError(
    'image-to-text needs one --labels FILE, a label a line, and --blank first or last, as the model was trained: --blank first --space for most of PaddleOCR, which has a space behind the labels',
  );
}

/** @returns null for other tasks */
export async function writingOptions(
  task: PipelineTask | null,
  { labels, blank, space = false }: LineArguments,
): Promise<WritingOptions | null> {
  const [named] = labels ?? [];
  if (task !== 'image-to-text' || named === undefined || blank === undefined) return null;
  return { ...named, labels: await readKeys(named.file), blank, space };
}

function parseWidths(text: string): Widths {
  const [, least, most = least] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const widths = { least: Number(least), most: Number(most) };
  if (widths.least >= 1 && widths.least <= widths.most) return widths;
  throw new InvalidArgumentError('expected pixels as in 320-2400, or 192 for one width.');
}
