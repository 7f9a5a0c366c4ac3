// Who may do what: API keys with the forms that make and end them, the way to the audit, and the limits in force.
import type { KeyList, KeySummary } from '../../../registry/api/keys.ts';
import { scopeSchema } from '../../../registry/api-key.ts';
import type { LimitInForce } from '../../models/limits.ts';
import { type Frame, Page } from '../page.tsx';
import { Time } from '../parts/figures.tsx';
import { Wide } from '../parts/wide.tsx';

export interface Access {
  readonly keys: KeyList;
  readonly limits: readonly LimitInForce[];
  readonly nowMs: number;
}

export function accessScreen(frame: Frame, { keys, limits, nowMs }: Access) {
  return (
    <Page frame={frame} title="Access">
      <h1>Access</h1>
      <p>
        <a href="/console/access/audit">Who changed what: the audit</a>
      </p>
      <h2 id="keys">Keys</h2>
      <NewKeyForm />
      <Keys keys={keys} nowMs={nowMs} />
      <Limits limits={limits} />
    </Page>
  );
}

function NewKeyForm() {
  return (
    <details class="action">
      <summary>Make a key</summary>
      <div>
        <form class="stack" method="get" action="/console/access/new-key">
          <label>
            Who or what will hold it
            <input name="name" required maxlength={64} pattern="[ -~]*" placeholder="press 7" />
          </label>
          <fieldset>
            <legend>Its holder may</legend>
            {scopeSchema.options.map((scope) => (
              <label class="choice">
                <input type="checkbox" name="scope" value={scope} checked={scope === 'infer'} />
                {scopeTexts[scope]}
              </label>
            ))}
          </fieldset>
          <label>
            Only for these models, separated by commas; empty for all
            <input name="models" spellcheck={false} maxlength={8000} />
          </label>
          <label>
            Ends after so many days; empty for never
            <input name="days" inputmode="numeric" pattern="[0-9]{1,5}" />
          </label>
          <div>
            <button class="main" type="submit">
              See the key's rights
            </button>
          </div>
        </form>
      </div>
    </details>
  );
}

const scopeTexts = {
  infer: 'infer: ask models',
  read: 'read: look at models, releases, drift',
  release: 'release: store versions and change what is served',
  admin: 'admin: do everything',
} as const;

function Keys({ keys: { keys, next, damaged = [] }, nowMs }: Pick<Access, 'keys' | 'nowMs'>) {
  return (
    <>
      {keys.length === 0 ? (
        <p class="empty card">
          There is no key yet. Make one for each device or person: then each can be ended by itself.
        </p>
      ) : (
        <Wide label="Keys">
          <table>
            <thead>
              <tr>
                <th scope="col">Holder</th>
                <th scope="col">May</th>
                <th scope="col">Models</th>
                <th scope="col">Made</th>
                <th scope="col">Ends</th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {keys.map((key) => (
                <Key apiKey={key} nowMs={nowMs} />
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {damaged.map((id) => (
        <p class="note bad">The record of key {id} cannot be read.</p>
      ))}
      {next === null ? null : (
        <p class="pages">
          <a href={`/console/access?after=${encodeURIComponent(next)}#keys`}>Next page</a>
        </p>
      )}
    </>
  );
}

function Key({ apiKey, nowMs }: { apiKey: KeySummary; nowMs: number }) {
  const { id, name, scopes, models, createdAt, createdBy, expiresAt } = apiKey;
  return (
    <tr>
      <th scope="row">
        {name}
        <div class="quiet mono">{id}</div>
      </th>
      <td>{scopes.join(', ')}</td>
      <td>{models?.join(', ') ?? 'all'}</td>
      <td class="nowrap">
        <Time ms={createdAt} />
        <div class="quiet">by {createdBy}</div>
      </td>
      <td class="nowrap">{expiresAt === null ? 'never' : <Time ms={expiresAt} />}</td>
      <td>
        <KeyState apiKey={apiKey} nowMs={nowMs} />
      </td>
    </tr>
  );
}

function KeyState({ apiKey, nowMs }: { apiKey: KeySummary; nowMs: number }) {
  const { id, name, expiresAt, revokedAt, revokedBy, revokedReason } = apiKey;
  if (revokedAt !== null) {
    return (
      <>
        <span class="mark">revoked</span> <Time ms={revokedAt} />
        <div class="quiet">
          by {revokedBy}: {revokedReason ?? 'no reason was given'}
        </div>
      </>
    );
  }
  if (expiresAt !== null && Date.parse(expiresAt) <= nowMs) return <span class="mark">expired</span>;
  return (
    <>
      <span class="mark good">good</span>{' '}
      <a href={`/console/access/keys/${id}/revoke`} aria-label={`Revoke ${name}, ${id}`}>
        Revoke
      </a>
    </>
  );
}

function Limits({ limits }: Pick<Access, 'limits'>) {
  return (
    <section aria-labelledby="limits">
      <h2 id="limits">Limits in force</h2>
      <Wide label="Table of limits">
        <table>
          <caption>As the isolate that answered has them. Change them in wrangler.toml, and deploy.</caption>
          <thead>
            <tr>
              <th scope="col">Limit</th>
              <th scope="col">Is</th>
              <th scope="col">Setting</th>
            </tr>
          </thead>
          <tbody>
            {limits.map(({ setting, what, value }) => (
              <tr>
                <th scope="row">{what}</th>
                <td>{value}</td>
                <td class="mono">{setting ?? '[[ratelimits]]'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  );
}
