// The route log in R2 under models/<model>/routes/<inverted epoch>. R2 lists keys in ascending order only, so the epoch is inverted:
// the newest route has the first key, and a list of one key finds it.
import type { R2Bucket } from '@cloudflare/workers-types';
import { canonicalJson } from './canonical-json.ts';
import { PopserveError } from './errors.ts';
import { parse, parseJson } from './parse.ts';
import { createOnly } from './r2-objects.ts';
import { RememberedObjects } from './remembered-objects.ts';
import { type Route, routeSchema } from './route.ts';
import type { LogPage, RouteLog } from './route-log.ts';

/** Enough for a release every second over 30,000 years. */
export const highestEpoch = 999_999_999_999;
const keyDigits = String(highestEpoch).length;

export class R2RouteLog implements RouteLog {
  readonly #bucket: R2Bucket;
  readonly #remembered: RememberedObjects;

  constructor(bucket: R2Bucket, remembered = new RememberedObjects(bucket)) {
    this.#bucket = bucket;
    this.#remembered = remembered;
  }

  async newest(model: string): Promise<Route | null> {
    const { objects } = await this.#bucket.list({ prefix: folderOf(model), limit: 1 });
    const [object] = objects;
    return object === undefined ? null : routeOf(object.key, await this.#remembered.read(object));
  }

  async get(model: string, epoch: number): Promise<Route | null> {
    const key = keyOf(model, epoch);
    const object = await this.#bucket.get(key);
    return object === null ? null : routeOf(key, await object.text());
  }

  async page(model: string, { before, limit }: { before?: number; limit: number }): Promise<LogPage> {
    const { objects, truncated } = await this.#bucket.list({
      prefix: folderOf(model),
      limit,
      ...(before === undefined ? {} : { startAfter: keyOf(model, before) }),
    });
    let reads = 0;
    const texts = await this.#remembered.readAll(objects, (count) => {
      reads = count;
    });
    const routes: Route[] = [];
    const damaged: number[] = [];
    for (const [index, { key }] of objects.entries()) {
      const route = readableRoute(key, texts[index] ?? null);
      if (route !== null) routes.push(route);
      else damaged.push(epochOf(key));
    }
    const last = objects.at(-1);
    return { routes, damaged, next: truncated && last !== undefined ? epochOf(last.key) : null, reads };
  }

  append(route: Route): Promise<boolean> {
    return createOnly(this.#bucket, keyOf(route.model, route.epoch), canonicalJson(route), {
      httpMetadata: { contentType: 'application/json' },
    });
  }
}

/** @throws {PopserveError} INTERNAL for what is no route */
function routeOf(key: string, text: string | null): Route | null {
  return text === null ? null : parse(routeSchema, parseJson(text, key, 'INTERNAL'), key, 'INTERNAL');
}

function readableRoute(key: string, text: string | null): Route | null {
  try {
    return routeOf(key, text);
  } catch (error) {
    if (error instanceof PopserveError) return null;
    throw error;
  }
}

function epochOf(key: string): number {
  return highestEpoch - Number(key.slice(key.lastIndexOf('/') + 1));
}

function folderOf(model: string): string {
  return `models/${model}/routes/`;
}

function keyOf(model: string, epoch: number): string {
  return folderOf(model) + String(highestEpoch - epoch).padStart(keyDigits, '0');
}
