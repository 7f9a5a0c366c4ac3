// One model: what is served and how often it was asked, above the forms that change it, its versions and its history.
import type { ModelPage as ModelData } from '../../models/model-page.ts';
import type { Frame } from '../page.tsx';
import { countText, secondsText, shareText } from '../parts/figures.tsx';
import { ModelPage } from '../parts/model-frame.tsx';
import { TimePlot } from '../parts/plot.tsx';
import { Wide } from '../parts/wide.tsx';
import { Changes } from './model-changes.tsx';
import { History } from './model-history.tsx';
import { Versions } from './model-versions.tsx';

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
