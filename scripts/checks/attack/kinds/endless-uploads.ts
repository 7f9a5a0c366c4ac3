import { holdConnections } from '../held-connections.ts';
import type { Flood } from '../kind.ts';

const piece = new Uint8Array(256 * 1024);

/** The call needs a right that nobody without a credential has. */
export const endlessUploads: Flood = {
  name: 'endless-uploads',
  about: 'uploads without an end to a path that refuses them',
  perSecond: 3,
  prepare: (target) =>
    holdConnections(target, null, {
      method: 'PUT',
      path: `/registry/blobs/sha256:${'0'.repeat(64)}`,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(2 ** 40) },
      first: piece,
      more: { bytes: piece, everyMs: 10 },
    }),
};
