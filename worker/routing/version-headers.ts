// The headers that say what an answer was made of.
import type { Manifest } from '../../registry/manifest.ts';
import type { Resolved } from './route-table.ts';

type Header = Readonly<Record<string, string>>;

interface Stamped {
  readonly manifest: Manifest;
  readonly epoch: number;
  readonly insteadOf: string | null;
  readonly headers: Header;
}

/** JSON answers of all versions have the same headers of their own. More versions than this are never busy at once. */
const mostKept = 16;

export function versionHeaders({ manifest, epoch, insteadOf }: Resolved): Record<string, string> {
  return {
    ...(insteadOf === null ? {} : { 'popserve-instead-of': insteadOf }),
    'popserve-version': manifest.version,
    'popserve-epoch': String(epoch),
    'popserve-digest': manifest.artifacts.model.digest,
  };
}

/** Joins them with an answer's own: once, for headers that are frozen because they belong to many answers. */
export class VersionStamp {
  readonly #kept = new WeakMap<Header, Stamped[]>();

  /** @returns frozen if `own` is */
  on(own: Header, resolved: Resolved): Header {
    if (!Object.isFrozen(own)) return { ...own, ...versionHeaders(resolved) };
    const { manifest, epoch, insteadOf } = resolved;
    const kept = this.#kept.get(own) ?? [];
    for (const one of kept) {
      if (one.manifest === manifest && one.epoch === epoch && one.insteadOf === insteadOf) return one.headers;
    }
    const headers = Object.freeze({ ...own, ...versionHeaders(resolved) });
    this.#kept.set(own, [{ manifest, epoch, insteadOf, headers }, ...kept.slice(0, mostKept - 1)]);
    return headers;
  }
}
