// Whether an input takes pictures, and with its channels first or last: Triton's clients for pictures ask for it.
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import type { TensorSpec } from '../../registry/signature.ts';

export type PictureFormat = 'FORMAT_NONE' | 'FORMAT_NCHW' | 'FORMAT_NHWC';

/** Channels of a picture: grey, colour, and colour with transparency. */
const channels: ReadonlySet<number> = new Set([1, 3, 4]);
/** A picture has no side as short as this; a table or a series of values may. */
const shortestSide = 8;

/**
 * The format that the pipeline says, or that the shape leaves no doubt about.
 * @param isBatched the leading dimension is the batch. As in Triton, a format is one of three dimensions beside it
 */
export function pictureFormat(
  { name, datatype, shape }: TensorSpec,
  isBatched: boolean,
  pipeline: Pipeline | undefined,
): PictureFormat {
  const dims = isBatched ? shape.slice(1) : shape;
  if (dims.length !== 3 || datatype === 'BYTES' || datatype === 'BOOL') return 'FORMAT_NONE';
  if (pipeline !== undefined && 'image' in pipeline && pipeline.image.input === name) {
    const layout = pipeline.image.steps.find(({ step }) => step === 'layout');
    if (layout?.step === 'layout') return layout.order === 'nchw' ? 'FORMAT_NCHW' : 'FORMAT_NHWC';
  }
  const [first = 0, middle = 0, last = 0] = dims;
  if (channels.has(first) && isSide(middle) && isSide(last)) return 'FORMAT_NCHW';
  if (channels.has(last) && isSide(first) && isSide(middle)) return 'FORMAT_NHWC';
  return 'FORMAT_NONE';
}

function isSide(size: number): boolean {
  return size === -1 || size >= shortestSide;
}
