import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settingNames, tellUnknownSetting, unknownSettings } from '../../registry/setting-names.ts';
import { settingsSchema } from '../../worker/config.ts';

it('has the name of every setting that the Worker reads, and no other', () => {
  expect([...settingNames].sort()).toEqual(Object.keys(settingsSchema.shape).sort());
});

describe('unknownSettings', () => {
  it('finds nothing among settings', () => {
    expect(unknownSettings(settingNames)).toEqual([]);
  });

  it.each([
    ['INFERENCE_ACESS', 'INFERENCE_ACCESS'],
    ['INFERENCEACCESS', 'INFERENCE_ACCESS'],
    ['inference-access', 'INFERENCE_ACCESS'],
    ['ROUTE_REFRESH_SECOND', 'ROUTE_REFRESH_SECONDS'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['MODEL_OWNER', null],
    ['DATABASE_URL', null],
    ['X', null],
  ])('takes %s for %s', (name, meant) => {
    expect(unknownSettings(['POP_NAME', name])).toEqual([{ name, meant }]);
  });

  it('finds the setting that misses one of its letters', () => {
    fc.assert(
      fc.property(fc.constantFrom(...settingNames), fc.nat(), (setting, random) => {
        const at = random % setting.length;
        const name = setting.slice(0, at) + setting.slice(at + 1);
        const [unknown] = unknownSettings([name]);
        // INPUT_SAMPLE_WINDOW_SECONDS and its like stay what they are.
        expect(unknown === undefined || unknown.meant !== null).toBe(true);
      }),
    );
  });
});

it('tells where it is set and what was meant', () => {
  expect(tellUnknownSetting({ name: 'POP_NAM', meant: 'POP_NAME' }, '.dev.vars')).toBe(
    '.dev.vars sets POP_NAM, which popserve does not know and passes over; did you mean POP_NAME?',
  );
  expect(tellUnknownSetting({ name: 'MINE', meant: null }, '.dev.vars')).toContain(
    'docs/settings.md lists the settings',
  );
});
