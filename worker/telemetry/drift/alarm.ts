// When windows past their thresholds become an alarm, and when it ends: both only after enough of them in a row. Pure.

export interface PlaceAlarm {
  readonly drifting: boolean;
  /** Judged windows in a row that contradict `drifting`. */
  readonly streak: number;
}

export const quiet: PlaceAlarm = { drifting: false, streak: 0 };

/**
 * @param past whether a judged window has anything past its threshold; windows with too few values are not shown to it
 * @param windows how many in a row it takes, both to raise and to end the alarm
 */
export function nextAlarm(alarm: PlaceAlarm, past: boolean, windows: number): PlaceAlarm {
  if (past === alarm.drifting) return { drifting: alarm.drifting, streak: 0 };
  const streak = alarm.streak + 1;
  return streak >= windows ? { drifting: past, streak: 0 } : { drifting: alarm.drifting, streak };
}
