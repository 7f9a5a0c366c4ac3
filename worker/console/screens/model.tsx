// One model: what is served, the forms that change it, its versions with the figures of their gate, and its history.
import { routedAs } from '../../../registry/route.ts';
import type { ModelPage as ModelData, VersionRow } from '../../models/model-page.ts';
import { versionsShown } from '../../models/model-page.ts';
import type { Frame } from '../page.tsx';
import { bytesText, countText, figureText, secondsText, shareText, Time } from '../parts/figures.tsx';
import { ModelPage } from '../parts/model-frame.tsx';
import { TimePlot } from '../parts/plot.tsx';
import { Wide } from '../parts/wide.tsx';

export function modelScreen(frame: Frame, data: ModelData) {
  const mayRelease = frame.viewer?.may('release', data.name) ?? false;
  return (
    <ModelPage frame={frame} model={data.name} tab="Overview">
      <div class="cards">
        <Route data={data} />
        <Counts data={data} />
      </div>
      {mayRelease ? <Changes data={data} /> : null}
      <Versions data={data} />
      <History data={data} />
    </ModelPage>
  );
}

function Route({ data: { route } }: { data: ModelData }) {
  if (route === null) {
    return (
      <section class="card">
        <h2>Route</h2>
        <p>No version is active: callers get 404.</p>
      </section>
    );
  }
  const { stable, canary: _, ...own } = route.aliases;
  return (
    <section class="card">
      <h2>Route</h2>
      <dl class="facts">
        <dt>stable</dt>
        <dd>{stable ?? 'none'}</dd>
        {route.rollout === null ? null : (
          <>
            <dt>canary</dt>
            <dd>
              {route.rollout.version} gets {route.rollout.percent} % {limitsText(route.rollout.limits)}
            </dd>
          </>
        )}
        {route.shadow === null ? null : (
          <>
            <dt>shadow</dt>
            <dd>
              {route.shadow.version} on {route.shadow.percent} %
            </dd>
          </>
        )}
        {Object.entries(own).map(([name, version]) => (
          <>
            <dt>{name}</dt>
            <dd>{version}</dd>
          </>
        ))}
        <dt>epoch</dt>
        <dd>{route.epoch}</dd>
      </dl>
    </section>
  );
}

function limitsText(limits: NonNullable<NonNullable<ModelData['route']>['rollout']>['limits']): string {
  if (limits === undefined) return 'without limits';
  const { minRequests, ...rest } = limits;
  const names: Record<string, string> = { errorShare: 'errors', disagreementShare: 'disagreements', drift: 'drift' };
  const each = Object.entries(rest).map(([name, limit]) => `${names[name] ?? name} up to ${limit}`);
  return `(ends by itself: ${each.join(', ')}; from ${minRequests} requests)`;
}

function Counts({ data: { told, recent } }: { data: ModelData }) {
  const versions = told?.status.versions ?? [];
  return (
    <section class="card">
      <h2>Requests</h2>
      {told === null ? (
        <p class="quiet">The reports of the points of presence cannot be read now.</p>
      ) : versions.length === 0 ? (
        <p class="quiet">None has been reported yet. Points of presence report every half minute.</p>
      ) : (
        <>
          <LastDay recent={recent} />
          <CountsTable status={told.status} />
        </>
      )}
    </section>
  );
}

/** A plot has room for so many lines. */
const versionsPlotted = 2;

function LastDay({ recent }: { recent: ModelData['recent'] }) {
  const total = (counts: ModelData['recent'][number]['counts']) =>
    counts.reduce((sum, { requests }) => sum + requests, 0);
  const busiest = [...recent].sort((one, other) => total(other.counts) - total(one.counts)).slice(0, versionsPlotted);
  const [first] = busiest;
  if (first === undefined || total(first.counts) === 0)
    return <p class="quiet">There was no request in the last day.</p>;
  const failures = first.counts.map((_, index) =>
    busiest.reduce((sum, { counts }) => sum + (counts[index]?.failures ?? 0), 0),
  );
  return (
    <TimePlot
      title="Requests of the last day"
      unit="requests in ten minutes"
      fromMs={first.counts[0]?.fromMs ?? 0}
      stepMs={600_000}
      series={[
        ...busiest.map(({ version, counts }, index) => ({
          ...{ name: `version ${version}`, line: index === 0 ? ('a' as const) : ('b' as const) },
          values: counts.map(({ requests }) => requests),
        })),
        { name: 'failed', line: 'bad', values: failures },
      ]}
    />
  );
}

function CountsTable({ status: { versions, latency } }: { status: NonNullable<ModelData['told']>['status'] }) {
  const quantiles = (version: string) =>
    latency?.recent.find((each) => each.version === version && each.place === 'global' && each.side !== 'named');
  return (
    <Wide label="Requests by version">
      <table>
        <caption>All time; p50 and p95 as callers measured them in the last hour</caption>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col" class="number">
              Requests
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col" class="number">
              p50
            </th>
            <th scope="col" class="number">
              p95
            </th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ version, requests, failures }) => (
            <tr>
              <th scope="row">{version}</th>
              <td class="number">{countText(requests)}</td>
              <td class="number">
                {countText(failures)}
                {failures === 0 ? '' : ` (${shareText(failures / requests)})`}
              </td>
              <td class="number">{durationText(quantiles(version)?.p50Ms)}</td>
              <td class="number">{durationText(quantiles(version)?.p95Ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function durationText(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '–' : secondsText(ms);
}

function Changes({ data }: { data: ModelData }) {
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

function Versions({ data }: { data: ModelData }) {
  const { versions, first, total, name } = data;
  return (
    <section aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <Wide label="Table of versions">
        <table>
          <caption>
            {total} {total === 1 ? 'version' : 'versions'}, the last published first
          </caption>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Published</th>
              <th scope="col">Gate</th>
              <th scope="col" class="number">
                Size
              </th>
              <th scope="col" class="number">
                Memory
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.map((row) => (
              <Version row={row} route={data.route} />
            ))}
          </tbody>
        </table>
      </Wide>
      <p class="pages">
        {first > 0 ? (
          <a href={`/console/models/${name}?first=${Math.max(0, first - versionsShown)}`}>Newer versions</a>
        ) : null}
        {first + versionsShown < total ? (
          <a href={`/console/models/${name}?first=${first + versionsShown}`}>Older versions</a>
        ) : null}
      </p>
    </section>
  );
}

function Version({ row, route }: { row: VersionRow; route: ModelData['route'] }) {
  const { version, storedAt, manifest } = row;
  const profiles = manifest?.runtime.profiles;
  const heap = profiles?.fast?.heapBytes ?? profiles?.lean?.heapBytes;
  return (
    <tr>
      <th scope="row">
        {version}
        {route === null
          ? null
          : routedAs(route, version).map((use) => (
              <>
                {' '}
                <span class="mark good">{use.replace("alias 'stable'", 'stable').replace(/^alias '(.*)'$/, '$1')}</span>
              </>
            ))}
      </th>
      <td class="nowrap">
        <Time ms={storedAt} />
      </td>
      <td>
        {manifest === null ? <span class="mark bad">the manifest cannot be read</span> : <Gate manifest={manifest} />}
      </td>
      <td class="number">{manifest === null ? '–' : bytesText(manifest.artifacts.model.bytes)}</td>
      <td class="number">{heap === undefined ? '–' : bytesText(heap)}</td>
    </tr>
  );
}

/** So many figures fit into a cell. */
const figuresShown = 3;

function Gate({ manifest: { evaluation } }: { manifest: NonNullable<VersionRow['manifest']> }) {
  if (evaluation === undefined) return <span class="quiet">not judged</span>;
  const { metrics, gate, data } = evaluation;
  const asked = gate.requirements
    .map((text) => text.match(/^[a-z][a-z0-9_]*/)?.[0])
    .filter((name) => name && name in metrics);
  const names = [...new Set([...asked, ...Object.keys(metrics)])].slice(0, figuresShown) as string[];
  return (
    <>
      {gate.forced === undefined ? null : (
        <span class="mark bad" title={gate.forced.failures.join('; ')}>
          forced
        </span>
      )}{' '}
      {names.map((name) => `${name} ${figureText(metrics[name] ?? 0)}`).join(', ')}
      <div class="quiet">
        on {countText(data.rows)} rows of {data.file}
        {gate.requirements.length === 0 ? ', nothing was required' : ''}
      </div>
    </>
  );
}

function History({ data: { history, older, name } }: { data: ModelData }) {
  return (
    <section aria-labelledby="history">
      <h2 id="history">History</h2>
      {history.length === 0 ? (
        <p class="quiet">Nothing has been released.</p>
      ) : (
        <Wide label="Table of changes">
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">
                  Epoch
                </th>
                <th scope="col">When</th>
                <th scope="col">Change</th>
                <th scope="col">By</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {history.map((route) => (
                <tr>
                  <td class="number">{route.epoch}</td>
                  <td class="nowrap">
                    <Time ms={route.audit.at} />
                  </td>
                  <td>
                    {route.audit.action}
                    <div class="quiet">
                      stable {route.aliases.stable ?? 'none'}
                      {route.rollout === null ? '' : `, canary ${route.rollout.version} ${route.rollout.percent} %`}
                    </div>
                  </td>
                  <td>{route.audit.actor}</td>
                  <td>
                    {route.audit.reason ?? <span class="quiet">no reason was given</span>}
                    {(route.audit.breaking ?? []).map((text) => (
                      <div class="mark warn">{text}</div>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {older === null ? null : (
        <p>
          <a href={`/console/models/${name}?before=${older}#history`}>Older changes</a>
        </p>
      )}
    </section>
  );
}
