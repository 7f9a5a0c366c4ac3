// miniflare writes workerd's configuration, with the Worker's 15 MB in it, into a buffer that it copies whole for each 4 KiB more:
// a second of CPU at every start of a PoP, and far more with several in one process. Larger steps leave a few copies.
import nodeModule from 'node:module';

/** A step, in bytes, of the size of what miniflare writes behind the Worker's modules. */
const step = 8 * 1_048_576;

/**
 * miniflare's source with larger steps of that buffer; the source as it is where it has no such line, since only speed depends on it.
 * @see the class SingleSegmentArena of capnp-es, which miniflare bundles
 */
export function withLargerSteps(source: string): string {
  return source.replace(/\bMIN_SINGLE_SEGMENT_GROWTH = 4096;/, `MIN_SINGLE_SEGMENT_GROWTH = ${step};`);
}

/**
 * Runs `load`, which imports the module at `url` for the first time, with larger steps in that module. Node before 22.15 cannot change
 * a module while it is loaded, and takes it as it is.
 */
export async function loadWithLargerSteps<T>(url: string, load: () => Promise<T>): Promise<T> {
  if (!('registerHooks' in nodeModule)) return await load();
  const hooks = nodeModule.registerHooks({
    load(loaded, context, next) {
      const module = next(loaded, context);
      if (loaded !== url || module.source === undefined || module.source === null) return module;
      return { ...module, source: withLargerSteps(textOf(module.source)) };
    },
  });
  try {
    return await load();
  } finally {
    hooks.deregister();
  }
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}
