// The way in: a key or the operators' token for a session of some hours.
import { type Frame, Page } from '../page.tsx';

export function signInScreen(frame: Frame, { to, fault }: { readonly to: string; readonly fault: string | null }) {
  return (
    <Page frame={frame} title="Sign in">
      <h1>Sign in</h1>
      <p>With an API key, a token of your identity provider, or the operators' token of this server.</p>
      {fault === null ? null : (
        <p class="note bad" role="alert">
          {fault}
        </p>
      )}
      <form class="stack" method="post" action="/console/sign-in">
        <input type="hidden" name="to" value={to} />
        <input type="text" name="username" value="popserve" autocomplete="username" hidden />
        <label>
          Key or token
          <input
            type="password"
            name="credential"
            required
            autocomplete="current-password"
            spellcheck={false}
            autofocus
          />
        </label>
        <div>
          <button class="main" type="submit">
            Sign in
          </button>
        </div>
      </form>
      <p class="quiet">
        The session ends after eight hours, when you sign out, or when the key is revoked. It can do what the key can
        do, and no more.
      </p>
    </Page>
  );
}
