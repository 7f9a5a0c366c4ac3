// The schema of a pipeline: a closed list of steps in one order.
import { describe, expect, test } from 'vitest';
import type { ImageStep } from '../../../registry/pipeline/image-input.ts';
import { pipelineSchema } from '../../../registry/pipeline/pipeline.ts';
import { colourPipeline } from '../../harness/pictures/colour-model.ts';

const { steps } = colourPipeline().image;

function messages(changed: readonly unknown[]): string[] {
  const parsed = pipelineSchema.safeParse({ ...colourPipeline(), image: { input: 'pixels', steps: changed } });
  return parsed.success ? [] : parsed.error.issues.map(({ message }) => message);
}

const without = (name: ImageStep['step']) => steps.filter(({ step }) => step !== name);

describe('the steps of a picture', () => {
  test('are taken in their order', () => {
    expect(messages(steps)).toEqual([]);
    expect(messages(without('orient'))).toEqual([]);
  });

  test.each(['decode', 'colour', 'layout'] as const)('need %s', (name) => {
    expect(messages(without(name))).toEqual([`expected a step '${name}'`]);
  });

  test('are refused in another order, and twice', () => {
    const [decode, orient, ...others] = steps;
    expect(messages([orient, decode, ...others])).toEqual([expect.stringMatching(/got 'decode' behind 'orient'$/)]);
    expect(messages([decode, orient, orient, ...others])).toEqual([
      expect.stringMatching(/each at most once, got 'orient' behind 'orient'$/),
    ]);
  });

  test.each([
    ['a step that is not in the list', { step: 'blur', radius: 2 }],
    ['a member that a step does not have', { step: 'orient', degrees: 90 }],
    ['a size of no pixels', { step: 'resize', fit: 'fill', height: 0, width: 8, filter: 'bilinear' }],
    ['a filter that Pillow does not have', { step: 'resize', fit: 'fill', height: 8, width: 8, filter: 'cubic' }],
  ])('are refused with %s', (_, step) => {
    expect(messages([...steps.slice(0, 3), step, ...steps.slice(4)])).not.toEqual([]);
  });
});
