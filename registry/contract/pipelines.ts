// What callers who send pictures or texts rely on: that they are taken, the form of the answer, its names, the length of its vectors.
// How a picture becomes a tensor is the version's own affair: the steps may change with it.
import type { Break } from '../api/contract.ts';
import type { Manifest } from '../manifest.ts';
import { imageStep } from '../pipeline/image-step.ts';
import type { ImagePipeline, Pipeline } from '../pipeline/pipeline.ts';
import { listLabels, listNames } from './list-names.ts';

type Described = Pick<Manifest, 'signature' | 'pipeline'>;

export function pipelineBreaks(served: Described, next: Described): Break[] {
  const [before, after] = [served.pipeline, next.pipeline];
  if (before === undefined) return [];
  const change = { part: 'pipeline' as const, name: before.task, who: `callers that send ${inputOf(before)}` };
  if (after === undefined) {
    return [
      { ...change, was: before.task, becomes: 'nothing', how: 'get 400 or 415, because the version takes tensors' },
    ];
  }
  if (inputOf(before) !== inputOf(after)) {
    const how = `get 400 or 415, because the version takes ${inputOf(after)}`;
    return [{ ...change, was: before.task, becomes: after.task, how }];
  }
  if (before.task !== after.task) {
    return [{ ...change, was: before.task, becomes: after.task, how: 'get answers of another form' }];
  }
  return [
    ...('image' in before && 'image' in after ? formatBreaks(before, after, change) : []),
    ...nameBreaks(before, after, change),
    ...vectorBreaks(served, next, change),
  ];
}

function inputOf(pipeline: Pipeline): 'pictures' | 'texts' {
  return 'image' in pipeline ? 'pictures' : 'texts';
}

type Change = Pick<Break, 'part' | 'name' | 'who'>;

function formatBreaks(before: ImagePipeline, after: ImagePipeline, change: Change): Break[] {
  const [old, fresh] = [before, after].map(({ image }) => imageStep(image, 'decode')?.formats ?? []);
  const gone = (old ?? []).filter((format) => !fresh?.includes(format));
  if (gone.length === 0) return [];
  const [was, becomes] = [listNames(old ?? []), listNames(fresh ?? [])];
  return [{ ...change, was, becomes, who: `callers that send ${listNames(gone)}`, how: 'get 400' }];
}

/** A name that is lost is never in an answer again. */
function nameBreaks(before: Pipeline, after: Pipeline, change: Change): Break[] {
  const [old, fresh] = [namesOf(before), namesOf(after)];
  const gone = old.filter((name) => !fresh.includes(name));
  if (gone.length === 0) return [];
  const how = `never find ${listLabels(gone)}`;
  return [{ ...change, was: listLabels(old), becomes: listLabels(fresh), who: 'callers that read names', how }];
}

/** A line of writing is made of characters, not of names. */
function namesOf({ after }: Pipeline): readonly string[] {
  return after.step === 'classify' || after.step === 'boxes' || after.step === 'spans' ? after.labels : [];
}

function vectorBreaks(served: Described, next: Described, change: Change): Break[] {
  const [old, fresh] = [vectorOf(served), vectorOf(next)];
  if (old === null || fresh === null) return [];
  const who = 'callers that keep vectors';
  const lengths =
    old.length === fresh.length
      ? []
      : [
          {
            ...{ ...change, who, was: `${old.length} values`, becomes: `${fresh.length} values` },
            how: 'cannot compare new ones with those that they have',
          },
        ];
  const gone = old.dimensions.filter((length) => !fresh.dimensions.includes(length));
  if (gone.length === 0) return lengths;
  const [was, becomes] = [listNames(old.dimensions), listNames(fresh.dimensions) || 'nothing'];
  const asked = { ...change, was, becomes, who: `callers that ask for ${listNames(gone)} dimensions`, how: 'get 400' };
  return [...lengths, asked];
}

/** Null where the version gives no vectors, or nobody knows their length. */
function vectorOf({ signature, pipeline }: Described): { length: number; dimensions: readonly number[] } | null {
  if (pipeline?.after.step !== 'pool') return null;
  const { output, how, dimensions = [] } = pipeline.after;
  const shape = signature.outputs.find(({ name }) => name === output)?.shape ?? [];
  const row = shape.slice(1);
  const length =
    how === 'none' ? row.reduce((product, size) => product * size, 1) : (row.at(isMap(row) ? 0 : -1) ?? -1);
  return length < 1 || row.some((size) => how === 'none' && size < 0) ? null : { length, dimensions };
}

/** [values, height, width] of a picture. */
function isMap(row: readonly number[]): boolean {
  return row.length === 3;
}
