// The forms that begin a change of what a model serves. Each leads to a page that tells what it will do; none changes anything itself.
import type { ModelPage as ModelData } from '../../models/model-page.ts';

export function Changes({ data }: { data: ModelData }) {
  const { name, names, route, rollbackTo } = data;
  const go = `/console/models/${name}/change`;
  const epoch = <input type="hidden" name="epoch" value={String(route?.epoch ?? 0)} />;
  const stable = route?.aliases.stable;
  const others = names.filter((version) => version !== stable);
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">Change what is served</h2>
      <p class="quiet">Nothing changes before you have seen what will, and the command that does the same.</p>
      {others.length === 0 ? (
        <p>
          There is no other version yet. Publish one, and it can be activated here, or tried on a share of the traffic
          first.
        </p>
      ) : (
        <Action title="Activate a version">
          <form class="stack" method="get" action={go}>
            {epoch}
            <input type="hidden" name="change" value="activate" />
            <VersionField names={names} without={stable} />
            <Go>See the change</Go>
          </form>
        </Action>
      )}
      {stable === undefined || others.length === 0 ? null : (
        <Action title={route?.rollout ? 'Change the canary' : 'Start a canary'}>
          <form class="stack" method="get" action={go}>
            {epoch}
            <input type="hidden" name="change" value="canary" />
            <VersionField names={names} without={stable} chosen={route?.rollout?.version} />
            <label>
              Share of the traffic: <output data-of="percent">{route?.rollout?.percent ?? 5} %</output>
              <input
                id="percent"
                type="range"
                name="percent"
                min="0"
                max="100"
                value={String(route?.rollout?.percent ?? 5)}
              />
            </label>
            <div class="row">
              <label>
                End it above this share of errors
                <input name="errorShare" inputmode="decimal" placeholder="0.01" />
              </label>
              <label>
                Above this share of disagreements
                <input name="disagreementShare" inputmode="decimal" placeholder="0.02" />
              </label>
              <label>
                Above this drift
                <input name="drift" inputmode="decimal" placeholder="0.25" />
              </label>
            </div>
            <Go>See the change</Go>
          </form>
        </Action>
      )}
      {route?.rollout ? (
        <Action title={`End the canary ${route.rollout.version}`}>
          <div class="row">
            <form method="get" action={go}>
              {epoch}
              <input type="hidden" name="change" value="promote" />
              <button type="submit">Promote it to everyone</button>
            </form>
            <form method="get" action={go}>
              {epoch}
              <input type="hidden" name="change" value="abort" />
              <button type="submit">Abort it</button>
            </form>
          </div>
        </Action>
      ) : null}
      {rollbackTo === null ? null : (
        <Action title={`Roll back to ${rollbackTo}`}>
          <form method="get" action={go}>
            {epoch}
            <input type="hidden" name="change" value="rollback" />
            <button type="submit">See the change</button>
          </form>
        </Action>
      )}
      {stable === undefined || others.length === 0 ? null : (
        <Action title="Run a version as shadow">
          <form class="stack" method="get" action={go}>
            {epoch}
            <input type="hidden" name="change" value="shadow" />
            <VersionField names={names} without={stable} chosen={route?.shadow?.version} />
            <label>
              Share of the traffic in percent, 0 ends it
              <input name="percent" inputmode="decimal" required value={String(route?.shadow?.percent ?? 10)} />
            </label>
            <Go>See the change</Go>
          </form>
        </Action>
      )}
      <Action title="Name a version">
        <form class="stack" method="get" action={go}>
          {epoch}
          <input type="hidden" name="change" value="alias" />
          <label>
            Alias
            <input name="name" required placeholder="night-shift" spellcheck={false} />
          </label>
          <VersionField names={names} without={undefined} />
          <Go>See the change</Go>
        </form>
      </Action>
    </section>
  );
}

function Action({ title, children }: { title: string; children?: unknown }) {
  return (
    <details class="action">
      <summary>{title}</summary>
      <div>{children}</div>
    </details>
  );
}

function Go({ children }: { children?: unknown }) {
  return (
    <div>
      <button class="main" type="submit">
        {children}
      </button>
    </div>
  );
}

function VersionField({
  names,
  without,
  chosen,
}: {
  names: readonly string[];
  without: string | undefined;
  chosen?: string | undefined;
}) {
  return (
    <label>
      Version
      <select name="version" required>
        {names
          .filter((name) => name !== without)
          .map((name) => (
            <option value={name} selected={name === chosen}>
              {name}
            </option>
          ))}
      </select>
    </label>
  );
}
