// The headers that say what an answer was made of.
import type { Manifest } from '../../registry/manifest.ts';
import type { Resolved } from './route-table.ts';

type Header = Readonly<Record<string, string>>;

/** The default has no header. */
type Engine = 'onnxruntime' | 'litert';

interface Stamped {
  readonly manifest: Manifest;
  readonly epoch: number;
  readonly insteadOf: string | null;
  readonly engine: Engine;
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
  on(own: Header, resolved: Resolved, engine: Engine): Header {
    const made = () => ({ ...own, ...versionHeaders(resolved), ...engineHeader(engine) });
    if (!Object.isFrozen(own)) return made();
    const { manifest, epoch, insteadOf } = resolved;
    const kept = this.#kept.get(own) ?? [];
    for (const one of kept) {
      const isSame = one.manifest === manifest && one.epoch === epoch && one.insteadOf === insteadOf;
      if (isSame && one.engine === engine) return one.headers;
    }
    const headers = Object.freeze(made());
    this.#kept.set(own, [{ manifest, epoch, insteadOf, engine, headers }, ...kept.slice(0, mostKept - 1)]);
    return headers;
  }
}

function engineHeader(engine: Engine): Record<string, string> {
  return engine === 'onnxruntime' ? {} : { 'popserve-engine': engine };
}
