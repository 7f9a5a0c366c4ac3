// The isolate's means to tell callers apart and to limit them: made once with the isolate.
import { ApiKeys } from '../registry/api-keys.ts';
import { AuditTrail } from '../registry/audit.ts';
import { R2ApiKeyStore } from '../registry/r2-api-key-store.ts';
import type { RememberedObjects } from '../registry/remembered-objects.ts';
import type { Bindings } from './bindings.ts';
import type { Config } from './config.ts';
import { LineBudget } from './logging/line-budget.ts';
import { Authenticator } from './security/authenticator.ts';
import { JwtVerifier } from './security/jwt-verifier.ts';
import { KeyCache } from './security/key-cache.ts';
import { RateGate } from './security/rate-gate.ts';
import { Sessions } from './security/sessions.ts';
import { WorkGate } from './security/work-gate.ts';

export interface Security {
  readonly authenticator: Authenticator;
  /** Of people at the console. */
  readonly sessions: Sessions;
  /** For the operator's calls: create, list, look at one. */
  readonly keys: Pick<ApiKeys, 'create' | 'list' | 'get'>;
  /** Revokes a key: here at once, at other isolates when what they remember of it has aged. */
  readonly revokeKey: ApiKeys['revoke'];
  readonly audit: AuditTrail;
  /** Whether the deployment has rate limiters for keys and for addresses. */
  readonly limited: { readonly keys: boolean; readonly addresses: boolean };
  /** Limit of audit lines for calls without a known caller. */
  readonly refusedLines: LineBudget;
  /** By the caller's credential. */
  readonly keyGate: RateGate;
  /** By either: how much JSON an isolate reads for one caller. */
  readonly workGate: WorkGate;
  /** By the client's address, for requests without one. */
  readonly addressGate: RateGate;
}

export function createSecurity(
  { bucket, keyLimit, addressLimit }: Bindings,
  config: Config,
  remembered: RememberedObjects,
): Security {
  const store = new R2ApiKeyStore(bucket, remembered);
  const keyCache = new KeyCache({ store, cacheSeconds: config.keyCacheSeconds });
  const jwt = config.jwt === null ? null : new JwtVerifier(config.jwt, config.keyCacheSeconds);
  const keys = new ApiKeys(store, () => new Date());
  return {
    authenticator: new Authenticator({ adminToken: config.adminToken, keys: keyCache, jwt }),
    sessions: new Sessions({ secret: config.adminToken, bucket }),
    keys,
    revokeKey: async (id, by) => {
      const revocation = await keys.revoke(id, by);
      keyCache.forget(id);
      return revocation;
    },
    audit: new AuditTrail(bucket, remembered),
    limited: { keys: keyLimit !== undefined, addresses: addressLimit !== undefined },
    refusedLines: new LineBudget(),
    keyGate: new RateGate(keyLimit, 'this key'),
    workGate: new WorkGate(),
    addressGate: new RateGate(addressLimit, 'this address'),
  };
}
