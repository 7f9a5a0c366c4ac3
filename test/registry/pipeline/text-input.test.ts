// The schema of the steps before a model of texts.
import { describe, expect, test } from 'vitest';
import { type TextStep, textInputSchema } from '../../../registry/pipeline/text-input.ts';

const steps: TextStep[] = [
  { step: 'prompt', texts: { query: 'query: ' }, standard: 'query' },
  { step: 'tokenise', specialTokens: true },
  { step: 'truncate', length: 128 },
  { step: 'pad', to: 'batch', multiple: 8, side: 'right', id: 0 },
  { step: 'layout', datatype: 'INT64' },
];

function messages(changed: readonly unknown[]): string[] {
  const parsed = textInputSchema.safeParse({ inputs: { ids: 'input_ids' }, steps: changed });
  return parsed.success ? [] : parsed.error.issues.map(({ message }) => message);
}

const without = (name: TextStep['step']) => steps.filter(({ step }) => step !== name);
const changed = (step: TextStep) => steps.map((each) => (each.step === step.step ? step : each));

describe('the steps of a text', () => {
  test('are taken in their order', () => {
    expect(messages(steps)).toEqual([]);
    expect(messages(without('prompt'))).toEqual([]);
  });

  test.each(['tokenise', 'truncate', 'pad', 'layout'] as const)('need %s', (name) => {
    expect(messages(without(name))).toContain(`expected a step '${name}'`);
  });

  test('are refused in another order', () => {
    const [prompt, tokenise, ...others] = steps;
    expect(messages([tokenise, prompt, ...others])).toEqual([
      expect.stringMatching(/^expected the order prompt, tokenise.* got 'prompt' behind 'tokenise'$/),
    ]);
  });

  test('name a standard prompt that there is', () => {
    const odd: TextStep = { step: 'prompt', texts: { query: 'query: ' }, standard: 'passage' };
    expect(messages(changed(odd))).toEqual(["prompt: expected a text for 'passage', the standard one"]);
  });

  test('pad to no fewer tokens than truncation leaves', () => {
    const short: TextStep = { step: 'pad', to: 'length', length: 64, side: 'right', id: 0 };
    expect(messages(changed(short))).toEqual(['pad: 64 tokens are fewer than the 128 that truncate leaves']);
  });
});
