// A person's own session: whose credential it is, what it may do, and its end, here or on every device.
import type { Scope } from '../../../registry/api-key.ts';
import { type Frame, Mark, Page } from '../page.tsx';
import { Time } from '../parts/figures.tsx';

export interface OwnSession {
  readonly scopes: readonly Scope[];
  /** Null for all. */
  readonly models: readonly string[] | null;
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** How long the end may take to reach other isolates. */
  readonly endSeconds: number;
}

export function sessionScreen(frame: Frame, { scopes, models, issuedMs, expiresMs, endSeconds }: OwnSession) {
  const { viewer } = frame;
  if (viewer === null) return <Page frame={frame} title="Your session" />;
  return (
    <Page frame={frame} title="Your session">
      <h1>Your session</h1>
      <dl class="facts">
        <dt>Signed in as</dt>
        <dd>
          {viewer.name === null ? null : `${viewer.name}, `}
          <span class="mono">{viewer.id}</span>
        </dd>
        <dt>May</dt>
        <dd>{scopes.join(', ') || 'nothing'}</dd>
        <dt>Models</dt>
        <dd>{models?.join(', ') ?? 'all'}</dd>
        <dt>Began</dt>
        <dd>
          <Time ms={issuedMs} />
        </dd>
        <dt>Ends</dt>
        <dd>
          <Time ms={expiresMs} />, or when the key is revoked
        </dd>
      </dl>
      <h2>Sign out everywhere</h2>
      <p>
        Ends every session that was begun with this key or token, on every device, within {endSeconds} seconds. The key
        or token itself stays good: revoke it if somebody else may have it.
      </p>
      <form method="post" action="/console/sign-out">
        <Mark viewer={viewer} />
        <input type="hidden" name="everywhere" value="yes" />
        <button class="danger" type="submit">
          Sign out everywhere
        </button>
      </form>
    </Page>
  );
}
