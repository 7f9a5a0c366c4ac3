// Finds out by trying what the platform gives: for the first person who deploys somewhere new. Nothing is kept, every try is bounded,
// and one that fails says so without harm to the others.
import type { PlatformProbe } from '../../registry/api/platform.ts';
import { cacheKey } from '../cache/reserved-path.ts';
import { wasmFeatures, wasmModuleWith } from '../runtime/wasm-features.ts';

export interface ProbedPlatform {
  readonly bucket: Pick<R2Bucket, 'head' | 'put' | 'delete'>;
  readonly routeCopies: Pick<KVNamespace, 'getWithMetadata' | 'put' | 'delete'>;
  readonly cache: Pick<Cache, 'match' | 'put' | 'delete'>;
  /** The request that asks: the platform describes its place with it. */
  readonly request: Request;
}

type Value = PlatformProbe['value'];
type Tries = Record<string, () => Value | Promise<Value>>;

/** A try of storage that takes longer counts as failed. */
const longestMs = 5_000;
/** Some milliseconds of work without I/O. */
const loopTurns = 2_000_000;
const tidyAfterMs = 1_100;
const page = 65_536;

/** @returns one finding for each try, in a fixed order; never throws */
export async function probePlatform(platform: ProbedPlatform): Promise<PlatformProbe[]> {
  const findings: PlatformProbe[] = [];
  const tries = { ...place(platform.request), ...engine(), ...memory(), ...clock(), ...storage(platform) };
  // One after another: the clocks, and the limits on writes, are about what follows what.
  for (const [name, attempt] of Object.entries(tries)) findings.push(await find(name, attempt));
  return findings;
}

async function find(name: string, attempt: Tries[string]): Promise<PlatformProbe> {
  try {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`nothing came within ${longestMs} ms`)), longestMs);
    try {
      return { name, value: await Promise.race([attempt(), late.promise]), error: null };
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    return { name, value: null, error: String(error).slice(0, 300) };
  }
}

function place(request: Request): Tries {
  const property = (name: string) => () => text((request.cf as Record<string, unknown> | undefined)?.[name]);
  return {
    'place.colo': property('colo'),
    'place.continent': property('continent'),
    'place.httpProtocol': property('httpProtocol'),
  };
}

function engine(): Tries {
  return {
    'engine.userAgent': () => navigator.userAgent,
    // The types know it as always there; older versions of the platform do not have it.
    'engine.compatibilityFlags': () => {
      const { compatibilityFlags } = Cloudflare as { compatibilityFlags?: Record<string, boolean> };
      if (compatibilityFlags === undefined) throw new Error('the platform does not tell');
      const on = Object.keys(compatibilityFlags).filter((flag) => compatibilityFlags[flag]);
      return on.sort().join(' ').slice(0, 4000);
    },
    'engine.nodeProcess': () => 'process' in globalThis,
    ...Object.fromEntries(
      wasmFeatures.map((feature) => [`wasm.${feature}`, () => WebAssembly.validate(wasmModuleWith(feature))]),
    ),
    'wasm.compileBytes': () =>
      Reflect.construct(WebAssembly.Module, [wasmModuleWith('simd')]) instanceof WebAssembly.Module,
  };
}

function memory(): Tries {
  return {
    'memory.unshared': () => new WebAssembly.Memory({ initial: 1, maximum: 2 }).buffer.byteLength === page,
    'memory.maximumIsKept': () => {
      const small = new WebAssembly.Memory({ initial: 1, maximum: 2 });
      small.grow(1);
      try {
        small.grow(1);
        return false;
      } catch {
        return true;
      }
    },
    'memory.shared': () => {
      const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      return !(shared.buffer instanceof ArrayBuffer);
    },
    'memory.sharedArrayBuffer': () => 'SharedArrayBuffer' in globalThis,
  };
}

function clock(): Tries {
  return {
    'clock.dateMovesInALoop': () => movesInALoop(() => Date.now()),
    'clock.performanceMovesInALoop': () => movesInALoop(() => performance.now()),
    'clock.movesOverATimer': async () => {
      const before = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 5));
      return Date.now() > before;
    },
  };
}

function movesInALoop(now: () => number): boolean {
  const before = now();
  let mixed = 1;
  for (let turn = 0; turn < loopTurns; turn++) mixed = Math.imul(mixed ^ turn, 16_777_619);
  // The loop's result is used, so that it cannot be left out.
  return now() > before && mixed !== 0.5;
}

function storage({ bucket, routeCopies, cache, request }: ProbedPlatform): Tries {
  const id = crypto.randomUUID();
  const key = `probes/${id}`;
  const kept = cacheKey(new URL(request.url).origin, 'probes', id);
  return {
    'cache.keeps': async () => {
      await cache.put(kept, new Response('kept', { headers: { 'cache-control': 'max-age=60' } }));
      const found = await cache.match(kept);
      return (await found?.text()) === 'kept';
    },
    'cache.deletes': async () => {
      await cache.delete(kept);
      return (await cache.match(kept)) === undefined;
    },
    'r2.absentHeadMs': async () => {
      const before = Date.now();
      if ((await bucket.head(key)) !== null) throw new Error('expected nothing');
      return Date.now() - before;
    },
    'r2.createOnly': async () => (await bucket.put(key, '1', { onlyIf: { etagDoesNotMatch: '*' } })) !== null,
    'r2.createOnlyOfWhatIsThere': () =>
      outcome(async () => {
        const put = await bucket.put(key, '2', { onlyIf: { etagDoesNotMatch: '*' } });
        return put === null ? 'not stored' : 'stored';
      }),
    'r2.secondWriteInASecond': () => outcome(() => bucket.put(key, '3')),
    'r2.deleteInASecond': () => outcome(() => bucket.delete(key)),
    'kv.absentGetMs': async () => {
      const before = Date.now();
      const { value } = await routeCopies.getWithMetadata(key);
      if (value !== null) throw new Error('expected nothing');
      return Date.now() - before;
    },
    'kv.cacheStatus': async () => text((await routeCopies.getWithMetadata(key)).cacheStatus),
    'kv.write': () => outcome(() => routeCopies.put(key, '1', { expirationTtl: 60 })),
    'kv.secondWriteInASecond': () => outcome(() => routeCopies.put(key, '2', { expirationTtl: 60 })),
    'kv.readsItsWrite': async () => text((await routeCopies.getWithMetadata(key)).value ?? 'still absent'),
    // After the second in which a key takes no other write; what KV has ends by itself as well.
    'storage.tidied': async () => {
      await new Promise((resolve) => setTimeout(resolve, tidyAfterMs));
      await bucket.delete(key);
      await routeCopies.delete(key);
      return true;
    },
  };
}

/** A refusal by the storage is what is asked about, so it is a finding. */
async function outcome(write: () => Promise<unknown>): Promise<string> {
  try {
    const said = await write();
    return typeof said === 'string' ? said : 'accepted';
  } catch (error) {
    return `refused: ${error instanceof Error ? error.message : String(error)}`.slice(0, 200);
  }
}

function text(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value);
}
