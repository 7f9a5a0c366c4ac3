// The failure of a blob whose bytes are not those that its digest names.
import { PopserveError } from '../../registry/errors.ts';

export class CorruptBlobError extends PopserveError {
  constructor(digest: string, what: string) {
    super('UNAVAILABLE', `blob ${digest} is corrupt: ${what}; it was not loaded`);
  }
}
