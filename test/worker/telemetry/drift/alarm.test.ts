import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nextAlarm, type PlaceAlarm, quiet } from '../../../../worker/telemetry/drift/alarm.ts';

const run = (verdicts: readonly boolean[], windows: number): PlaceAlarm[] => {
  let alarm = quiet;
  return verdicts.map((past) => {
    alarm = nextAlarm(alarm, past, windows);
    return alarm;
  });
};
const drifting = (text: string, windows: number) =>
  run(
    [...text].map((window) => window === 'x'),
    windows,
  ).map((alarm) => alarm.drifting);

it('an alarm takes windows in a row, to begin and to end', () => {
  expect(drifting('x.x.xx..', 2)).toEqual([false, false, false, false, false, true, true, false]);
  expect(drifting('xx.xx..', 2)).toEqual([false, true, true, true, true, true, false]);
  expect(drifting('x.', 1)).toEqual([true, false]);
});

it('changes only after as many windows in a row that say otherwise', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), fc.integer({ min: 1, max: 5 }), (verdicts, windows) => {
      const alarms = run(verdicts, windows);
      alarms.forEach((alarm, at) => {
        const before = at === 0 ? quiet : (alarms[at - 1] ?? quiet);
        const last = verdicts.slice(Math.max(0, at + 1 - windows), at + 1);
        const allSayOtherwise = last.length === windows && last.every((past) => past !== before.drifting);
        expect(alarm.drifting !== before.drifting).toBe(allSayOtherwise);
      });
    }),
  );
});
