// What a version with a pipeline promises to callers who send pictures or texts.
import { describe, expect, test } from 'vitest';
import { contractBreaks, describeBreak } from '../../../registry/contract/breaks.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import type { Pipeline } from '../../../registry/pipeline/pipeline.ts';
import { colourModel, colourPipeline } from '../../harness/pictures/colour-model.ts';

const colours = colourPipeline();

function manifestOf(pipeline: Pipeline | undefined, width = 3): Manifest {
  const { manifest } = colourModel('colour', '1');
  const { pipeline: _, ...rest } = manifest;
  const outputs = [{ name: 'scores', datatype: 'FP32' as const, shape: [-1, width] }];
  return { ...rest, signature: { ...rest.signature, outputs }, ...(pipeline === undefined ? {} : { pipeline }) };
}

const breaks = (before: Manifest, after: Manifest) =>
  contractBreaks(before, after)
    .filter(({ part }) => part === 'pipeline')
    .map(describeBreak);

function vectors(dimensions?: number[]): Pipeline {
  const after = { step: 'pool', output: 'scores', how: 'none', normalise: true } as const;
  return {
    ...{ schema: 1, task: 'image-feature-extraction', image: colours.image },
    after: dimensions === undefined ? after : { ...after, dimensions },
  };
}

describe('the pipeline of the next version', () => {
  test('may prepare pictures otherwise, take more kinds and know more names', () => {
    const steps = colours.image.steps.map((step) =>
      step.step === 'resize' && step.fit === 'fill' ? { ...step, filter: 'bicubic' as const } : step,
    );
    const after = { ...colours.after, labels: ['red', 'green', 'blue', 'grey'] } as typeof colours.after;
    const next = { ...colours, image: { ...colours.image, steps }, after } as Pipeline;
    expect(breaks(manifestOf(colours), manifestOf(next))).toEqual([]);
    expect(breaks(manifestOf(undefined), manifestOf(colours))).toEqual([]);
  });

  test('hurts callers who send pictures where there is none', () => {
    expect(breaks(manifestOf(colours), manifestOf(undefined))).toEqual([
      'pipeline image-classification: image-classification becomes nothing: callers that send pictures get 400 or 415, because the version takes tensors',
    ]);
  });

  test('hurts them with answers of another form', () => {
    expect(breaks(manifestOf(colours), manifestOf(vectors()))).toEqual([
      expect.stringMatching(/answers of another form$/),
    ]);
  });

  test('hurts those whose kind of picture it does not take, and those who read a name that is gone', () => {
    const steps = colours.image.steps.map((step) =>
      step.step === 'decode' ? { ...step, formats: ['png' as const] } : step,
    );
    const after = { ...colours.after, labels: ['red', 'green', 'violet'] } as typeof colours.after;
    const next = { ...colours, image: { ...colours.image, steps }, after } as Pipeline;
    expect(breaks(manifestOf(colours), manifestOf(next))).toEqual([
      expect.stringMatching(/callers that send jpeg, webp get 400$/),
      expect.stringMatching(/callers that read names never find 'blue'$/),
    ]);
  });

  test('hurts those who keep vectors of another length, and those who ask for one that it does not give', () => {
    expect(breaks(manifestOf(vectors([2, 1])), manifestOf(vectors([2]), 4))).toEqual([
      expect.stringMatching(/3 values becomes 4 values: callers that keep vectors cannot compare/),
      expect.stringMatching(/callers that ask for 1 dimensions get 400$/),
    ]);
  });
});
