// A key before it is made or ended, and the one page that ever shows a new key.
import type { CreatedKey, KeySummary } from '../../../registry/api/keys.ts';
import { createCommand, describeNewKey, type NewKey, revokeCommand } from '../key-form.ts';
import { type Frame, Mark, Page } from '../page.tsx';
import { CommandLine } from '../parts/command.tsx';
import { Time } from '../parts/figures.tsx';

function Trail() {
  return (
    <p class="trail">
      <a href="/console/access">Access</a> /
    </p>
  );
}

export function newKeyScreen(frame: Frame, key: NewKey) {
  const { viewer } = frame;
  return (
    <Page frame={frame} title="Make a key">
      <Trail />
      <h1>Make a key</h1>
      <ul>
        {describeNewKey(key).map((sentence) => (
          <li>{sentence}</li>
        ))}
      </ul>
      <CommandLine>{createCommand(key)}</CommandLine>
      {viewer === null ? null : (
        <form method="post" action="/console/access/new-key">
          <Mark viewer={viewer} />
          <input type="hidden" name="name" value={key.name} />
          {key.scopes.map((scope) => (
            <input type="hidden" name="scope" value={scope} />
          ))}
          <input type="hidden" name="models" value={key.models?.join(',') ?? ''} />
          <input type="hidden" name="days" value={key.days === null ? '' : String(key.days)} />
          <div class="row">
            <button class="main" type="submit">
              Make the key
            </button>
            <a class="button" href="/console/access">
              Make none
            </a>
          </div>
        </form>
      )}
    </Page>
  );
}

export function createdKeyScreen(frame: Frame, { key, token }: CreatedKey, origin: string) {
  return (
    <Page frame={frame} title="The new key">
      <Trail />
      <h1>The new key</h1>
      <p class="note warn" role="status">
        Copy it now. It is kept nowhere and is not shown again.
      </p>
      <CommandLine label={`The key of '${key.name}'`}>{token}</CommandLine>
      <p>Its holder sends it with each request:</p>
      <CommandLine label="For example">{`curl -s -H 'Authorization: Bearer ${token}' ${origin}/v2/models`}</CommandLine>
      <p>
        <a href="/console/access">All keys</a>
      </p>
    </Page>
  );
}

export function revokeKeyScreen(frame: Frame, key: KeySummary, cacheSeconds: number) {
  const { viewer } = frame;
  const { id, name, revokedAt, revokedBy } = key;
  return (
    <Page frame={frame} title="Revoke a key">
      <Trail />
      <h1>Revoke the key of {name}</h1>
      {revokedAt === null ? (
        <>
          <ul>
            <li>
              Key <span class="mono">{id}</span> may {key.scopes.join(', ')}
              {key.models === null ? ' of all models' : ` of ${key.models.join(', ')}`}.
            </li>
            <li>Its holder is refused here at once, and everywhere after {cacheSeconds} seconds.</li>
            <li>This cannot be taken back. Make a new key instead.</li>
          </ul>
          <CommandLine>{revokeCommand(id)}</CommandLine>
          {viewer === null ? null : (
            <form class="stack" method="post" action={`/console/access/keys/${id}/revoke`}>
              <Mark viewer={viewer} />
              <label>
                Reason, kept with the key and in the audit
                <input name="reason" required maxlength={1000} autofocus />
              </label>
              <div class="row">
                <button class="danger" type="submit">
                  Revoke the key
                </button>
                <a class="button" href="/console/access">
                  Leave it as it is
                </a>
              </div>
            </form>
          )}
        </>
      ) : (
        <p>
          It was revoked already, <Time ms={revokedAt} />, by {revokedBy}.
        </p>
      )}
    </Page>
  );
}
