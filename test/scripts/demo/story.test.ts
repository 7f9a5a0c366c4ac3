// The story that `npm run demo` tells, on a small scale: real Workers, a real gate, a real webhook, and the same claims.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimsOf } from '../../../scripts/demo/story/claims.ts';
import { quickPlan } from '../../../scripts/demo/story/plan.ts';
import { renderStory } from '../../../scripts/demo/story/report.ts';
import { openStage, type Stage } from '../../../scripts/demo/story/stage.ts';
import type { Story } from '../../../scripts/demo/story/story.ts';
import { tellStory } from '../../../scripts/demo/story/storyteller.ts';

let folder: string;
let stage: Stage;
let story: Story;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'popserve-story-'));
  const plan = quickPlan();
  stage = await openStage(plan, () => {});
  story = await tellStory(stage, plan, folder, { chapter() {}, fact() {}, doing() {} });
  // Some 30 s of a quiet machine.
}, 240_000);
afterAll(async () => {
  await stage?.close();
  await rm(folder, { recursive: true, force: true });
});

const broken = (told: Story) => claimsOf(told).filter(({ holds }) => !holds);

describe('the story of a model', () => {
  it('comes true, from the first gate to the readings that nobody learned from', () => {
    expect(broken(story)).toEqual([]);
  });

  it('is not said to come true where it does not', () => {
    const [frankfurt, singapore, montreal] = story.heldOut;
    if (!frankfurt || !singapore || !montreal) throw new Error('expected three regions');
    const textsOf = (told: Story) => broken(told).map(({ text }) => text);
    expect(textsOf({ ...story, drifted: [...story.drifted, 'pop:FRA'] })).toEqual([
      'drift is seen in Montréal, and in no other region',
    ]);
    const past = (window: Story['windows'][number]) =>
      window.place === 'region:AS' ? { ...window, past: ['torque'] } : window;
    expect(textsOf({ ...story, windows: story.windows.map(past) })).toContain(
      'drift is seen in Montréal, and in no other region',
    );
    expect(textsOf({ ...story, requested: { ...story.requested, signed: false } })).toEqual([
      'the signal arrives, is signed, and names where, what and how much',
    ]);
    const unchanged = { ...montreal, after: montreal.before };
    expect(textsOf({ ...story, heldOut: [frankfurt, singapore, unchanged] })).toEqual([
      'version 2 is better in Montréal, on readings that nobody learned from',
    ]);
    expect(textsOf({ ...story, canary: { ...story.canary, strays: ['fra-001'] } })).toEqual([
      'the canary has some 5 % of the devices, and each stays on its side',
    ]);
    expect(textsOf({ ...story, failures: ['UNAVAILABLE'] })).toEqual(['every request of a device is answered']);
  });

  it('ends in one page that needs nothing from elsewhere', () => {
    const page = renderStory(story, claimsOf(story));
    expect(page).toContain('It came true');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(page).not.toMatch(/<(script|link|img)\b|https?:\/\//);
  });
});
