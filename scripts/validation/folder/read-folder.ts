// A folder of tensors or images with labels as test data. Samples are read when they are run: never more than a batch is in memory.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { PopserveError } from '../../../registry/errors.ts';
import type { DataReference } from '../../../registry/evaluation.ts';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import type { Item } from '../../../worker/pipeline/items.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import type { DataOptions, TestData } from '../test-data.ts';
import { readAnnotations } from './annotations.ts';
import { type FoundSamples, findSamples } from './find-samples.ts';
import type { Preparation } from './prepare-picture.ts';
import { describePreprocessing, planPreprocessing } from './preprocess.ts';
import { imageFile, type Row, readRow } from './tensor-file.ts';

/** @throws {PopserveError} INVALID_ARGUMENT naming the file at fault, what was expected and what came */
export async function readFolder(options: DataOptions, signature: Signature, needsTruth: boolean): Promise<TestData> {
  const { path, image, detects, label: listing } = options;
  const annotated = detects && image ? await readAnnotations(path, image, listing, needsTruth) : null;
  const found = annotated?.found ?? (await findSamples(path, signature, options, needsTruth));
  const plans = planImages(found, signature, options);
  const described = [...plans.values()].flatMap((plan) => ('options' in plan ? [plan.options] : []));
  const { samples, label } = found;
  const items: (Item | undefined)[] = [];
  return {
    reference: await referenceOf(path, found),
    label,
    truth: needsTruth ? samples.map(({ truth }) => truth ?? '') : [],
    inputs: async (from, to) => {
      const tensors: Tensor[] = [];
      for (const [index, spec] of signature.inputs.entries()) {
        const rows: Row[] = [];
        const names = samples.slice(from, to).map(({ files }) => files[index] ?? '');
        for (const [at, name] of names.entries()) {
          const row = await readRow({ path: join(path, name), name }, spec, plans.get(spec.name));
          if (row.item !== undefined) items[from + at] = row.item;
          rows.push(row);
        }
        tensors.push(stack(spec, rows));
      }
      return tensors;
    },
    ...(image === undefined ? {} : { items }),
    names: new Map(),
    notes: [...found.notes, ...described.map(describePreprocessing)],
    ...(described.length === 0 ? {} : { preprocessing: described }),
    ...(annotated === null ? {} : { objects: annotated.objects }),
  };
}

/** How the images of each input are prepared that has any. */
function planImages(
  { samples }: FoundSamples,
  { inputs }: Signature,
  { path, images, image, preprocessing }: DataOptions,
): Map<string, Preparation> {
  const plans = new Map<string, Preparation>();
  for (const [index, spec] of inputs.entries()) {
    if (!samples.some(({ files }) => imageFile.test(files[index] ?? ''))) continue;
    const known = preprocessing?.find(({ input }) => input === spec.name);
    if (image?.input === spec.name) plans.set(spec.name, { pipeline: image });
    else plans.set(spec.name, { options: known ?? planPreprocessing(spec, images ?? {}) });
  }
  if (plans.size === 0 && images !== undefined) {
    throw new PopserveError('INVALID_ARGUMENT', `${path} has no PNG or JPEG, which the options for images are about`);
  }
  return plans;
}

function stack({ name, datatype, shape: signed }: TensorSpec, rows: readonly Row[]): Tensor {
  const [first] = rows;
  if (first === undefined) throw new PopserveError('INVALID_ARGUMENT', `no rows for input '${name}'`);
  const size = first.data.length;
  const data = new Uint8Array(size * rows.length);
  for (const [index, row] of rows.entries()) data.set(row.data, index * size);
  return { name, datatype, shape: signed.length === 0 ? [] : [rows.length, ...first.shape], data };
}

/** Its digest is that of the names and digests of its files, of the samples and what lists them. */
async function referenceOf(folder: string, { samples, listing }: FoundSamples): Promise<DataReference> {
  const names = new Set([...(listing === null ? [] : [listing.file]), ...samples.flatMap(({ files }) => files)]);
  const digest = createHash('sha256');
  for (const name of [...names].sort()) {
    const file = createHash('sha256').update(await readFile(join(folder, name)));
    digest.update(`${file.digest('hex')}  ${name}\n`);
  }
  return {
    file: basename(resolve(folder)),
    digest: `sha256:${digest.digest('hex')}`,
    rows: samples.length,
    ...(listing?.reading === undefined ? {} : { reading: listing.reading }),
  };
}
