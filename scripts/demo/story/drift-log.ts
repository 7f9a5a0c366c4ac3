// The PoPs' reports of drift while the story goes on: every window of every place, kept from the first to the last.
import type { ModelDrift } from '../../../registry/api/drift.ts';

export interface SeenWindow {
  readonly version: string;
  readonly place: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
  readonly maxPsi: number;
  /** Features with a statistic past its threshold. */
  readonly past: readonly string[];
}

export class DriftLog {
  readonly #read: () => Promise<ModelDrift>;
  readonly #windows = new Map<string, SeenWindow>();
  readonly #drifted = new Set<string>();

  /** @param read what `popserve drift` tells now */
  constructor(read: () => Promise<ModelDrift>) {
    this.#read = read;
  }

  async look(): Promise<ModelDrift> {
    const details = await this.#read();
    for (const { version, places } of details.versions) {
      for (const { place, drifting, windows } of places) {
        if (drifting) this.#drifted.add(`${version} ${place}`);
        for (const { judged, ...window } of windows) {
          if (judged) this.#windows.set(`${version} ${place} ${window.toMs}`, { version, place, ...window });
        }
      }
    }
    return details;
  }

  /** Judged windows of a version, by place and time. */
  windows(version: string): SeenWindow[] {
    const own = [...this.#windows.values()].filter((window) => window.version === version);
    return own.sort((a, b) => a.place.localeCompare(b.place) || a.toMs - b.toMs);
  }

  /** Places at which a version was drifting at any time. */
  drifted(version: string): string[] {
    return [...this.#drifted]
      .filter((key) => key.startsWith(`${version} `))
      .map((key) => key.slice(version.length + 1));
  }
}
