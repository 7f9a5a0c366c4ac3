import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerIds } from '../../../../worker/telemetry/feedback/answer-ids.ts';
import { readFeedbackSettings } from '../../../../worker/telemetry/feedback/settings.ts';
import '../../../harness/property-seed.ts';

const settings = { secret: 'a secret of some length', days: 30 };
const nowMs = Date.parse('2026-11-28T12:00:00Z');
const dayMs = 86_400_000;
const claim = {
  ...{ version: '2', epoch: 7, side: 'canary' as const, pop: 'FRA', bucket: 9 },
  predicted: { kind: 'labels' as const, values: ['tabby cat', null, '1'] },
};
const refusal = (promise: Promise<unknown>) => promise.then(String, (error: Error) => error.message);

describe('the id of an answer', () => {
  it('says what was answered, to every isolate with the secret, and each id is another one', async () => {
    const ids = new AnswerIds(settings);
    const [first, second] = [await ids.give('m', claim, nowMs), await ids.give('m', claim, nowMs)];
    expect(first).toMatch(/^[\w-]+\.[\w-]{22}$/);
    const read = await new AnswerIds(settings).read('m', first ?? '', nowMs);
    expect(read).toEqual({
      ...claim,
      issuer: expect.stringMatching(/^[0-9a-f]{12}$/),
      sequence: 0,
      expiresDay: 20_816,
    });
    expect(await ids.read('m', second ?? '', nowMs)).toMatchObject({ issuer: read.issuer, sequence: 1 });
  });

  it('is refused of another model, another secret, and after its time', async () => {
    const id = (await new AnswerIds(settings).give('m', claim, nowMs)) ?? '';
    const none = /^not an id of an answer of '\w+': expected what the header popserve-answer-id said$/;
    expect(await refusal(new AnswerIds(settings).read('other', id, nowMs))).toMatch(none);
    expect(
      await refusal(new AnswerIds({ ...settings, secret: 'another of some length' }).read('m', id, nowMs)),
    ).toMatch(none);
    await new AnswerIds(settings).read('m', id, nowMs + 30 * dayMs);
    expect(await refusal(new AnswerIds(settings).read('m', id, nowMs + 31 * dayMs))).toBe(
      'the id is too old: it was good until 2026-12-29',
    );
  });

  it('is refused if anything of it was changed, and whatever else comes', async () => {
    const ids = new AnswerIds(settings);
    const id = (await ids.give('m', claim, nowMs)) ?? '';
    const changed = fc.tuple(fc.nat(id.length - 1), fc.constantFrom('A', 'b', '.', '-', ' ', 'é'));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), changed), async (what) => {
        const text = typeof what === 'string' ? what : id.slice(0, what[0]) + what[1] + id.slice(what[0] + 1);
        // The last character of each part has bits that base64 does not use.
        fc.pre(text !== id && !(typeof what !== 'string' && /[\w-](?:\.|$)/.test(id.slice(what[0], what[0] + 2))));
        expect(await refusal(ids.read('m', text, nowMs))).toMatch(/^not an id/);
      }),
    );
  });

  it('is not given to answers that it has no room for', async () => {
    const values = Array.from({ length: 64 }, () => 'a long name of a class, with a comma');
    expect(
      await new AnswerIds(settings).give('m', { ...claim, predicted: { kind: 'labels', values } }, nowMs),
    ).toBeNull();
  });
});

it('a secret that could be guessed is refused', () => {
  expect(() => readFeedbackSettings({ FEEDBACK_SECRET: 'short', FEEDBACK_DAYS: 30 })).toThrow('at least 16 characters');
  expect(readFeedbackSettings({ FEEDBACK_SECRET: '', FEEDBACK_DAYS: 30 })).toBeNull();
});
