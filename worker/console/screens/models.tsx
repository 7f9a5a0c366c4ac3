// All models: what each serves, how it fares, whether its data have drifted, and who released last.
import { driftLight, type ModelOverview, type OverviewPage } from '../../models/overview.ts';
import { type Frame, Page } from '../page.tsx';
import { countText, secondsText, shareText, Time } from '../parts/figures.tsx';
import { Sparkline } from '../parts/plot.tsx';
import { Wide } from '../parts/wide.tsx';

export function modelsScreen(frame: Frame, { models, next }: OverviewPage) {
  return (
    <Page frame={frame} title="Models">
      <h1>Models</h1>
      {models.length === 0 ? <NoModels /> : <Table models={models} />}
      {next === null ? null : (
        <p class="pages">
          <a href={`/console?after=${encodeURIComponent(next)}`}>Next page</a>
        </p>
      )}
    </Page>
  );
}

function NoModels() {
  return (
    <div class="card">
      <p>There is no model yet. Publish one:</p>
      <pre>npx popserve publish model.onnx --name my-model --activate</pre>
    </div>
  );
}

function Table({ models }: { models: readonly ModelOverview[] }) {
  return (
    <Wide label="Models">
      <table>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Serves</th>
            <th scope="col" class="number">
              Requests
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col">Last day</th>
            <th scope="col" class="number">
              p95
            </th>
            <th scope="col">Drift</th>
            <th scope="col">Last release</th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <Row model={model} />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function Row({ model }: { model: ModelOverview }) {
  const { name, route, told, versions, damaged, recent } = model;
  const p95 = p95Of(model);
  const requests = told?.status.versions.reduce((sum, each) => sum + each.requests, 0);
  const failures = told?.status.versions.reduce((sum, each) => sum + each.failures, 0);
  return (
    <tr>
      <th scope="row">
        <a href={`/console/models/${name}`}>{name}</a>
        <div class="quiet">
          {versions} {versions === 1 ? 'version' : 'versions'}
          {damaged ? <span class="mark bad">damaged</span> : null}
        </div>
      </th>
      <td>
        <Serves model={model} />
      </td>
      <td class="number">{requests === undefined ? '–' : countText(requests)}</td>
      <td class="number">
        {failures === undefined || requests === undefined ? '–' : countText(failures)}
        {requests && failures ? <div class="quiet">{shareText(failures / requests)}</div> : null}
      </td>
      <td>
        {recent.some((count) => count.requests > 0) ? (
          <Sparkline
            values={recent.map((count) => count.requests)}
            label={`${countText(recent.reduce((sum, count) => sum + count.requests, 0))} requests in the last day`}
          />
        ) : (
          <span class="quiet">none</span>
        )}
      </td>
      <td class="number">{p95 === null ? '–' : secondsText(p95)}</td>
      <td>
        <Light model={model} />
      </td>
      <td>
        {route === null ? (
          <span class="quiet">never</span>
        ) : (
          <>
            <Time ms={route.audit.at} />
            <div class="quiet">
              {route.audit.action} by {route.audit.actor}
            </div>
          </>
        )}
      </td>
    </tr>
  );
}

/** What callers of stable say of the last hour. */
function p95Of({ told, route }: ModelOverview): number | null {
  const stable = told?.status.latency?.recent.find(
    ({ version, side, place }) => version === route?.aliases.stable && side === 'stable' && place === 'global',
  );
  return stable?.p95Ms ?? null;
}

function Serves({ model: { route } }: { model: ModelOverview }) {
  if (route?.aliases.stable === undefined) return <span class="quiet">no version is active</span>;
  return (
    <>
      <span>{route.aliases.stable}</span>
      {route.rollout === null ? null : (
        <div>
          <span class="mark warn">
            canary {route.rollout.version} {route.rollout.percent} %
          </span>
        </div>
      )}
      {route.shadow === null ? null : (
        <div>
          <span class="mark">
            shadow {route.shadow.version} {route.shadow.percent} %
          </span>
        </div>
      )}
    </>
  );
}

export function Light({ model }: { model: ModelOverview }) {
  switch (driftLight(model)) {
    case 'drifting':
      return (
        <a href={`/console/models/${model.name}/drift`} class="mark bad">
          drifting
        </a>
      );
    case 'steady':
      return <span class="mark good">steady</span>;
    case 'waiting':
      return <span class="mark">waiting for rows</span>;
    case 'none':
      return <span class="quiet">no rows yet</span>;
  }
}
