// The route log in R2 under models/<model>/routes/<inverted epoch>. R2 lists keys in ascending order only, so the epoch is inverted:
// the newest route has the first key, and a list of one key finds it.
import type { R2Bucket } from '@cloudflare/workers-types';
import { canonicalJson } from './canonical-json.ts';
import { parse, parseJson } from './parse.ts';
import { createOnly } from './r2-objects.ts';
import { type Route, routeSchema } from './route.ts';
import type { RouteLog } from './route-log.ts';

/** Enough for a release every second over 30,000 years. */
const highestEpoch = 999_999_999_999;
const keyDigits = String(highestEpoch).length;

export class R2RouteLog implements RouteLog {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async newest(model: string): Promise<Route | null> {
    const { objects } = await this.#bucket.list({ prefix: folderOf(model), limit: 1 });
    const [object] = objects;
    return object === undefined ? null : this.#read(object.key);
  }

  get(model: string, epoch: number): Promise<Route | null> {
    return this.#read(keyOf(model, epoch));
  }

  append(route: Route): Promise<boolean> {
    return createOnly(this.#bucket, keyOf(route.model, route.epoch), canonicalJson(route), {
      httpMetadata: { contentType: 'application/json' },
    });
  }

  async #read(key: string): Promise<Route | null> {
    const object = await this.#bucket.get(key);
    if (object === null) return null;
    return parse(routeSchema, parseJson(await object.text(), key, 'INTERNAL'), key, 'INTERNAL');
  }
}

function folderOf(model: string): string {
  return `models/${model}/routes/`;
}

function keyOf(model: string, epoch: number): string {
  return folderOf(model) + String(highestEpoch - epoch).padStart(keyDigits, '0');
}
