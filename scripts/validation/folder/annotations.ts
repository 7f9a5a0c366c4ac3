// The truth of a detector's test data: a folder of pictures with annotations as COCO has them.
// @see https://cocodataset.org/#format-data
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { invalid } from '../../../registry/errors.ts';
import { parse, parseJson } from '../../../registry/parse.ts';
import type { ImageInput } from '../../../registry/pipeline/image-input.ts';
import { imageStep } from '../../../registry/pipeline/image-step.ts';
import { planGeometry } from '../../../worker/pipeline/geometry.ts';
import type { PictureItem } from '../../../worker/pipeline/items.ts';
import { readPictureHeader } from '../../../worker/pipeline/picture-header.ts';
import { unreadable } from '../../unreadable.ts';
import type { TrueObject } from '../metrics/average-precision.ts';
import type { TrueObjects } from '../test-data.ts';
import type { FoundSamples } from './find-samples.ts';

const usualFile = 'annotations.json';
const usualFolder = 'images';

const pixels = z.number();
const annotationsSchema = z.looseObject({
  images: z
    .array(
      z.looseObject({
        id: z.union([z.int(), z.string()]),
        file_name: z.string().min(1),
        width: z.int().optional(),
        height: z.int().optional(),
      }),
    )
    .min(1),
  annotations: z.array(
    z.looseObject({
      image_id: z.union([z.int(), z.string()]),
      category_id: z.int(),
      bbox: z.tuple([pixels, pixels, pixels.min(0), pixels.min(0)]),
      iscrowd: z.union([z.literal(0), z.literal(1), z.boolean()]).optional(),
    }),
  ),
  categories: z.array(z.looseObject({ id: z.int(), name: z.string() })).min(1),
});

export interface AnnotatedPictures {
  readonly found: FoundSamples;
  readonly objects: TrueObjects;
}

/**
 * @param label another name of the file than annotations.json, below the folder
 * @param needsTruth where it is not, a folder without annotations is one of pictures alone
 * @throws {PopserveError} INVALID_ARGUMENT for annotations that are missing, cannot be read or do not fit the pictures
 */
export async function readAnnotations(
  folder: string,
  image: ImageInput,
  label: string | undefined,
  needsTruth: boolean,
): Promise<AnnotatedPictures | null> {
  const name = label ?? usualFile;
  const text = await readFile(join(folder, name), 'utf8').catch(() => null);
  if (text === null) {
    if (!needsTruth) return null;
    throw invalid(`${folder}: expected ${name} with annotations as COCO has them; --label names another file in it`);
  }
  const what = `${folder}/${name}`;
  const { images, annotations, categories } = parse(annotationsSchema, parseJson(text, what), what);
  const byId = new Map(categories.map((category) => [category.id, category.name]));
  const truth = new Map(images.map(({ id }): [number | string, TrueObject[]] => [id, []]));
  for (const { image_id, category_id, bbox, iscrowd } of annotations) {
    const category = byId.get(category_id);
    const own = truth.get(image_id);
    if (category === undefined)
      throw invalid(`${what}: an annotation has the category ${category_id}, which is not named`);
    if (own === undefined) throw invalid(`${what}: an annotation is of the image ${image_id}, which is not listed`);
    own.push({ category, box: bbox, isCrowd: iscrowd === 1 || iscrowd === true });
  }
  const prefix = await folderOf(folder, images[0]?.file_name ?? '');
  const files = images.map((each) => `${prefix}${each.file_name}`);
  return {
    found: {
      samples: files.map((file) => ({ files: [file], truth: null })),
      label: name,
      listing: { file: name, reading: undefined },
      notes: [],
    },
    objects: {
      categories: [...new Set(byId.values())],
      truth: images.map(({ id }) => truth.get(id) ?? []),
      items: (from, to) =>
        Promise.all(
          images.slice(from, to).map((each, index) => itemOf(folder, files[from + index] ?? '', each, { image, what })),
        ),
    },
  };
}

/** Pictures lie beside their annotations, or in a folder `images` there. */
async function folderOf(folder: string, file: string): Promise<string> {
  for (const prefix of ['', `${usualFolder}/`]) {
    if ((await stat(join(folder, prefix, file)).catch(() => null))?.isFile()) return prefix;
  }
  throw invalid(`${folder}: expected the picture ${file} or ${usualFolder}/${file}, which the annotations list`);
}

async function itemOf(
  folder: string,
  file: string,
  { width, height }: { readonly width?: number | undefined; readonly height?: number | undefined },
  { image, what }: { readonly image: ImageInput; readonly what: string },
): Promise<PictureItem> {
  const bytes = await readFile(join(folder, file)).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  const header = readPictureHeader(bytes, file);
  const isTurned = imageStep(image, 'orient') !== undefined && header.orientation >= 5;
  const size = isTurned
    ? { width: header.height, height: header.width }
    : { width: header.width, height: header.height };
  if ((width ?? size.width) !== size.width || (height ?? size.height) !== size.height) {
    throw invalid(
      `${what}: ${file} has ${width}x${height} pixels (width x height) there, the picture has ${size.width}x${size.height} as it is shown`,
    );
  }
  return { size, geometry: planGeometry(size, image) };
}
