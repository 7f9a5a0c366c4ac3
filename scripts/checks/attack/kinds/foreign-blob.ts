import { sha256Digest } from '../../../../registry/digests.ts';
import { unmeasuredManifest } from '../../unmeasured-manifest.ts';
import { victimModel } from '../models.ts';
import { json, requestFlood } from '../request-flood.ts';
import { newModel } from '../target.ts';

/** A 201 or 200 of the first would be a theft: the second then reads the weights. */
export const foreignBlob = requestFlood({
  name: 'foreign-blob',
  about: "a manifest that names the victim's weights by their digest",
  perSecond: 10,
  async requests() {
    const { bytes, signature } = victimModel;
    const digest = await sha256Digest(Uint8Array.from(bytes));
    const manifest = unmeasuredManifest(newModel, '1', { digest, bytes: bytes.length }, signature);
    return [
      json(`/registry/models/${newModel}/versions/1`, JSON.stringify(manifest), 'PUT'),
      { method: 'GET', path: `/registry/blobs/${digest}` },
      { method: 'HEAD', path: `/registry/blobs/${digest}` },
      { method: 'GET', path: `/v2/models/${victimModel.name}` },
    ];
  },
});
