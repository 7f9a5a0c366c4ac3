// Turns counts into verdicts, verdicts into alarms, and alarms into events. It runs in the alarm of a model's Durable Object, so
// that a report does not wait for it: a report only adds counts and makes sure that the alarm is set.

import type { SqlStorage } from '@cloudflare/workers-types';
import type { AcceptedBaseline, BaselineAction, DriftSettings, EndReason } from '../../../registry/api/drift.ts';
import { PopserveError } from '../../../registry/errors.ts';
import { smallest } from '../../../registry/extremes.ts';
import type { Registry } from '../../../registry/registry.ts';
import { routedVersions } from '../../../registry/route.ts';
import type { Log } from '../../logging/log.ts';
import type { Outbox } from '../signal/outbox.ts';
import { nextAlarm, quiet } from './alarm.ts';
import {
  closeWindow,
  forgetVersion,
  knownVersions,
  layoutIdOf,
  openVersions,
  type PlaceRow,
  readOpenWindows,
  readPlaces,
  settleVersion,
  writePlace,
} from './drift-tables.ts';
import { beginEpisode, endEpisode, openEpisode } from './episodes.ts';
import { judge, minimumRows } from './judge.ts';
import { type Layout, layoutOf } from './layout.ts';
import { acceptRecent, keepRecent, layoutOfPlace, readAccepted, withdrawAccepted } from './place-baselines.ts';
import { longestWindow } from './settings.ts';
import { lackOf } from './wait.ts';
import { callersBySize } from './without-one.ts';

type WatchRegistry = Pick<Registry, 'getManifest' | 'currentRoute'>;

/** The pause after a review that failed, for example because R2 was away. */
const repeatMs = 10_000;

export class DriftWatch {
  readonly #sql: SqlStorage;
  readonly #transact: (change: () => void) => void;
  readonly #registry: WatchRegistry;
  readonly #outbox: Outbox;
  readonly #settings: DriftSettings;
  readonly #log: Log;
  readonly #layouts = new Map<string, Layout>();
  #repeatAtMs: number | null = null;

  constructor(options: {
    sql: SqlStorage;
    /** Runs a change in a transaction. */
    transact: (change: () => void) => void;
    registry: WatchRegistry;
    outbox: Outbox;
    settings: DriftSettings;
    log: Log;
  }) {
    this.#sql = options.sql;
    this.#transact = options.transact;
    this.#registry = options.registry;
    this.#outbox = options.outbox;
    this.#settings = options.settings;
    this.#log = options.log;
  }

  /** When the next review is due; null if nothing is due before the next report. */
  nextMs(): number | null {
    const due = openVersions(this.#sql).map(({ openedMs }) => openedMs + this.#windowMs);
    for (const version of knownVersions(this.#sql)) {
      if (openEpisode(this.#sql, version)) {
        for (const place of this.#drifting(version)) due.push(this.#silentAtMs(place));
      }
    }
    if (due.length === 0) return null;
    return Math.max(smallest(due), this.#repeatAtMs ?? 0);
  }

  /** Judges the windows that are due, raises and ends alarms, and adds their events to the outbox. */
  async review(model: string): Promise<void> {
    this.#repeatAtMs = null;
    const nowMs = Date.now();
    for (const { version, layout, openedMs } of openVersions(this.#sql)) {
      if (openedMs + this.#windowMs > nowMs) continue;
      try {
        const known = await this.#layoutOf(model, version, layout);
        this.#transact(() => {
          if (known === null) forgetVersion(this.#sql, version);
          else this.#reviewVersion(version, known, nowMs);
        });
      } catch (error) {
        this.#repeatAtMs = nowMs + repeatMs;
        this.#log('drift-not-reviewed', { model, version, error: String(error) });
      }
    }
    await this.#reviewEpisodes(model, nowMs);
  }

  /**
   * The number of rows from which the open windows of each version are judged. Versions whose baseline cannot be read are left
   * out.
   */
  async minimumRows(model: string): Promise<Map<string, number>> {
    const least = new Map<string, number>();
    for (const { version, layout } of openVersions(this.#sql)) {
      const known = await this.#layoutOf(model, version, layout).catch(() => null);
      if (known === null) continue;
      const places = readOpenWindows(this.#sql, version).length;
      least.set(version, minimumRows(known, this.#settings.thresholds, places));
    }
    return least;
  }

  /**
   * Gives a place a baseline of its own, or takes it away. The place starts quiet either way: what it was judged by is judged no longer.
   * @returns what the place is judged against from now on, null for the version's baseline; a refusal says why nothing was changed
   */
  changeBaseline(
    model: string,
    change: BaselineAction & { readonly actor: string },
    nowMs: number,
  ): { readonly accepted: AcceptedBaseline | null } | { readonly refusal: string } {
    const { action, version, place, actor, reason } = change;
    const layoutId = layoutIdOf(this.#sql, version);
    if (layoutId === null) return { refusal: `nothing was counted for version ${version} yet` };
    let accepted: AcceptedBaseline | null = null;
    if (action === 'accept') {
      accepted = acceptRecent(this.#sql, { version, place, layoutId }, { actor, reason }, nowMs);
      if (accepted === null) {
        return { refusal: `no window of ${place} was judged yet for version ${version}: there is nothing to accept` };
      }
    } else if (!withdrawAccepted(this.#sql, version, place)) {
      return { refusal: `${place} has no baseline of its own for version ${version}` };
    }
    const row = readPlaces(this.#sql, version).find((each) => each.place === place);
    if (row !== undefined) {
      const changedMs = row.alarm.drifting ? nowMs : row.changedMs;
      writePlace(this.#sql, version, { ...row, alarm: quiet, changedMs });
    }
    const episode = openEpisode(this.#sql, version);
    if (episode !== null && this.#drifting(version).length === 0) {
      this.#outbox.add(endEpisode(this.#sql, episode, { model, reason: 'accepted' }, nowMs), nowMs);
    }
    return { accepted };
  }

  /** The bins and the baseline of a version as it is known now. @returns null for one that is gone or was never counted */
  async knownLayout(model: string, version: string): Promise<Layout | null> {
    const id = layoutIdOf(this.#sql, version);
    return id === null ? null : await this.#layoutOf(model, version, id);
  }

  get #windowMs(): number {
    return this.#settings.windowSeconds * 1000;
  }

  /** @returns null for a version that is gone or was published again with another baseline */
  async #layoutOf(model: string, version: string, id: number): Promise<Layout | null> {
    const kept = this.#layouts.get(version);
    if (kept?.id === id) return kept;
    try {
      const { baseline } = await this.#registry.getManifest(model, version);
      const layout = baseline ? layoutOf(baseline) : null;
      if (layout?.id !== id) return null;
      this.#layouts.set(version, layout);
      return layout;
    } catch (error) {
      if (error instanceof PopserveError && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }

  #reviewVersion(version: string, layout: Layout, nowMs: number): void {
    const { thresholds, windows } = this.#settings;
    const open = readOpenWindows(this.#sql, version);
    const places = new Map(readPlaces(this.#sql, version).map((row) => [row.place, row]));
    const accepted = readAccepted(this.#sql, version);
    const enough = minimumRows(layout, thresholds, open.length);
    const world = callersBySize(open.find(({ place }) => place === 'global')?.callers ?? [], enough);
    for (const window of open) {
      const { place, sinceMs, requests, rows, callers } = window;
      const closed = { fromMs: sinceMs, toMs: nowMs, rows };
      const lack = lackOf(window, enough, world, this.#windowMs);
      // The window stays open and waits for more rows or callers.
      if (lack !== null && nowMs < lack.untilMs) continue;
      if (lack?.judgedThen === false) {
        closeWindow(this.#sql, version, place, { ...closed, judged: false, maxPsi: 0, past: [] });
        continue;
      }
      const own = layoutOfPlace(layout, accepted.get(place));
      const { judged, features, counts } = judge(own, callers, thresholds, open.length);
      const past = features.filter((verdict) => verdict.past.length > 0).map(({ feature }) => feature);
      const maxPsi = features.reduce((most, { psi }) => Math.max(most, psi), 0);
      closeWindow(this.#sql, version, place, { ...closed, judged, maxPsi, past });
      if (judged) {
        const psi = features.map((verdict) => Number(verdict.psi.toPrecision(4)));
        const recent = { fromMs: sinceMs, toMs: nowMs, rows, past: past.length > 0, psi };
        keepRecent(this.#sql, { version, place, layout }, recent, counts);
      }
      const before = places.get(place);
      const alarm = judged ? nextAlarm(before?.alarm ?? quiet, past.length > 0, windows) : (before?.alarm ?? quiet);
      const changed = alarm.drifting !== (before?.alarm.drifting ?? false);
      const changedMs = changed ? nowMs : (before?.changedMs ?? 0);
      writePlace(this.#sql, version, { place, alarm, changedMs, window: { ...closed, requests, features } });
    }
    settleVersion(this.#sql, version);
  }

  /** Adds one event when the first place of a version begins to drift, and one when the last place has stopped. */
  async #reviewEpisodes(model: string, nowMs: number): Promise<void> {
    const versions = knownVersions(this.#sql);
    const route = versions.some((version) => openEpisode(this.#sql, version))
      ? await this.#registry.currentRoute(model).catch(() => null)
      : null;
    const routed = route === null ? null : new Set(routedVersions(route));
    for (const version of versions) {
      this.#transact(() => {
        const episode = openEpisode(this.#sql, version);
        if (episode === null) {
          const drifting = this.#drifting(version);
          if (drifting.length === 0) return;
          this.#outbox.add(
            beginEpisode(this.#sql, { model, version, drifting, settings: this.#settings }, nowMs),
            nowMs,
          );
          return;
        }
        const reason = this.#endOf(version, routed, nowMs);
        if (reason !== null) this.#outbox.add(endEpisode(this.#sql, episode, { model, reason }, nowMs), nowMs);
      });
    }
  }

  #endOf(version: string, routed: ReadonlySet<string> | null, nowMs: number): EndReason | null {
    const drifting = this.#drifting(version);
    if (drifting.length === 0) return 'recovered';
    const superseded = routed !== null && !routed.has(version);
    const ended = drifting.filter((place) => superseded || this.#silentAtMs(place) <= nowMs);
    for (const row of ended) writePlace(this.#sql, version, { ...row, alarm: quiet, changedMs: nowMs });
    if (ended.length < drifting.length) return null;
    return superseded ? 'superseded' : 'silent';
  }

  #drifting(version: string): PlaceRow[] {
    return readPlaces(this.#sql, version).filter(({ alarm }) => alarm.drifting);
  }

  /** When a place from which nothing more is heard stops counting as drifting. */
  #silentAtMs({ window }: PlaceRow): number {
    return window.toMs + longestWindow * this.#windowMs;
  }
}
