// Decides when windows past their thresholds raise an alarm, and when the alarm ends: each takes several windows in a row. Pure.

export interface PlaceAlarm {
  readonly drifting: boolean;
  /** The number of judged windows in a row that contradict `drifting`. */
  readonly streak: number;
}

export const quiet: PlaceAlarm = { drifting: false, streak: 0 };

/**
 * @param past whether anything in a judged window is past its threshold; windows with too few values must be left out
 * @param windows how many windows in a row it takes, both to raise and to end the alarm
 */
export function nextAlarm(alarm: PlaceAlarm, past: boolean, windows: number): PlaceAlarm {
  if (past === alarm.drifting) return { drifting: alarm.drifting, streak: 0 };
  const streak = alarm.streak + 1;
  return streak >= windows ? { drifting: past, streak: 0 } : { drifting: alarm.drifting, streak };
}
