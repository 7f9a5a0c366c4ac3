// Drift of a model: how far each place is from what it is judged against, how it moved, the histogram of a feature, and the form that
// accepts a place's values as its usual. Everything stands in a table, so that nobody needs to see a colour or a drawing.
import type { DriftHistory, ModelDrift, PlaceDrift, VersionDrift } from '../../../registry/api/drift.ts';
import { distinctPlaces } from '../../../registry/drift-places.ts';
import { describeWait } from '../../../registry/drift-wait.ts';
import { shellLine } from '../../../registry/shell-words.ts';
import { type Frame, Mark } from '../page.tsx';
import { CommandLine } from '../parts/command.tsx';
import { countText, figureText, shareText, Time } from '../parts/figures.tsx';
import { ModelPage } from '../parts/model-frame.tsx';
import { PairedBars } from '../parts/paired-bars.tsx';
import { Wide } from '../parts/wide.tsx';

/** A page shows so many places, those that drift first, and so many features, the farthest first. */
const mostPlaces = 50;
const mostFeatures = 30;

export interface DriftView {
  readonly drift: ModelDrift;
  readonly shown: VersionDrift | null;
  readonly history: DriftHistory | null;
}

export function driftScreen(frame: Frame, { drift, shown, history }: DriftView) {
  const { model, versions } = drift;
  return (
    <ModelPage frame={frame} model={model} tab="Drift">
      {shown === null ? (
        <div class="card">
          <p>Nothing was counted yet. A version is watched if it was published with reference data:</p>
          <CommandLine>{`npx popserve publish model.onnx --name ${model} --test-data reference.csv`}</CommandLine>
        </div>
      ) : (
        <>
          <p class="pages">
            {versions.map(({ version }) => (
              <a
                href={`/console/models/${model}/drift?version=${encodeURIComponent(version)}`}
                {...(version === shown.version ? { 'aria-current': 'page' } : {})}
              >
                {version}
              </a>
            ))}
          </p>
          <Places model={model} shown={shown} psiLimit={drift.settings.thresholds.psi} />
          {history === null ? null : (
            <Place
              history={history}
              mayAccept={frame.viewer?.may('release', model) ?? false}
              limit={drift.settings.thresholds.psi}
            />
          )}
          <Episodes drift={drift} shown={shown} />
        </>
      )}
    </ModelPage>
  );
}

function Places({ model, shown, psiLimit }: { model: string; shown: VersionDrift; psiLimit: number }) {
  const distinct = distinctPlaces(shown.places);
  const rows = distinct.sort((a, b) => Number(b.drift.drifting) - Number(a.drift.drifting)).slice(0, mostPlaces);
  const places = rows.map(({ drift }) => drift);
  const farthest = new Map<string, number>();
  for (const { feature, psi } of places.flatMap(({ window }) => window?.features ?? [])) {
    farthest.set(feature, Math.max(psi, farthest.get(feature) ?? 0));
  }
  const nowMs = Date.now();
  const features = [...farthest].sort(([, a], [, b]) => b - a).slice(0, mostFeatures);
  const to = (place: string, feature?: string) => {
    const query = new URLSearchParams({ version: shown.version, place, ...(feature === undefined ? {} : { feature }) });
    return `/console/models/${model}/drift?${query}#place`;
  };
  return (
    <Wide label="Places and features">
      <table>
        <caption>
          Population stability index of the newest judged window; {figureText(psiLimit)} is the threshold.{' '}
          {countText(distinct.length)} {distinct.length === 1 ? 'place' : 'places'}
          {distinct.length > mostPlaces ? `, the first ${mostPlaces} are shown` : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">Place</th>
            <th scope="col">State</th>
            {features.map(([feature]) => (
              <th scope="col" class="number">
                {feature}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ drift: place, allOf }) => (
            <tr>
              <th scope="row">
                <a href={to(place.place)}>{place.place}</a>
                {allOf.map((larger) => (
                  <div class="quiet">
                    all of <a href={to(larger)}>{larger}</a>
                  </div>
                ))}
              </th>
              <td>
                <State place={place} nowMs={nowMs} />
              </td>
              {features.map(([name]) => {
                const verdict = place.window?.features.find(({ feature }) => feature === name);
                if (verdict === undefined) return <td class="number">–</td>;
                return (
                  <td class="number">
                    <a href={to(place.place, name)} class={verdict.past.length > 0 ? 'mark bad' : 'mark'}>
                      {figureText(verdict.psi)}
                      {verdict.past.length > 0 ? ' past' : ''}
                    </a>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function State({ place, nowMs }: { place: PlaceDrift; nowMs: number }) {
  const { drifting, window, open, accepted } = place;
  const next = open === null ? null : describeWait(open, nowMs);
  return (
    <>
      {drifting ? <span class="mark bad">drifting</span> : null}
      {!drifting && window !== null ? <span class="mark good">steady</span> : null}
      {window === null ? <span class="mark">not judged yet{next === null ? '' : `: ${next}`}</span> : null}
      {window === null || next === null ? null : <div class="quiet">next: {next}</div>}
      {accepted === null ? null : <div class="quiet">own baseline, by {accepted.actor}</div>}
    </>
  );
}

function Place({ history, mayAccept, limit }: { history: DriftHistory; mayAccept: boolean; limit: number }) {
  const { model, version, place, accepted, windows, features, histogram } = history;
  const change = (action: string) =>
    `/console/models/${model}/drift/change?${new URLSearchParams({ action, version, place })}`;
  const to = (feature: string) =>
    `/console/models/${model}/drift?${new URLSearchParams({ version, place, feature })}#histogram`;
  return (
    <section aria-labelledby="place">
      <h2 id="place">{place}</h2>
      {accepted === null ? (
        <p>It is judged against the reference data of version {version}.</p>
      ) : (
        <p class="note">
          It is judged against {countText(accepted.rows)} rows of its own, accepted <Time ms={accepted.atMs} /> by{' '}
          {accepted.actor}: {accepted.reason ?? 'no reason was given'}
        </p>
      )}
      {mayAccept ? (
        <p class="row">
          {windows.length === 0 ? null : (
            <a class="button" href={change('accept')}>
              Accept as the new normal here
            </a>
          )}
          {accepted === null ? null : (
            <a class="button" href={change('withdraw')}>
              Take its own baseline back
            </a>
          )}
        </p>
      ) : null}
      {windows.length === 0 ? (
        <p class="quiet">No window of this place was judged yet.</p>
      ) : (
        <Wide label="Features over time">
          <table>
            <caption>Population stability index, window by window, the oldest first</caption>
            <thead>
              <tr>
                <th scope="col">Until</th>
                {windows.map(({ toMs }) => (
                  <th scope="col">
                    <Time ms={toMs} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {features.slice(0, mostFeatures).map((feature, index) => (
                <tr>
                  <th scope="row">
                    <a href={to(feature)} {...(feature === histogram?.feature ? { 'aria-current': 'true' } : {})}>
                      {feature}
                    </a>
                  </th>
                  {windows.map(({ psi }) => (
                    <td class="number">
                      <span class={(psi[index] ?? 0) > limit ? 'mark bad' : 'mark'}>{figureText(psi[index] ?? 0)}</span>
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {histogram === null ? null : <Histogram histogram={histogram} />}
    </section>
  );
}

function Histogram({ histogram }: { histogram: NonNullable<DriftHistory['histogram']> }) {
  const { feature, bins, reference, live } = histogram;
  const pair = [
    { name: 'baseline', shares: sharesOf(reference.bins, bins.length) },
    { name: 'newest window', shares: sharesOf(live.bins, bins.length) },
  ] as const;
  return (
    <>
      <h3 id="histogram">{feature}</h3>
      <div class="card">
        <PairedBars of={feature} bins={bins} pair={pair} />
      </div>
      <Wide label={`Histogram of ${feature}`}>
        <table>
          <caption>{feature}: shares of the values in the newest window and in what it is judged against</caption>
          <thead>
            <tr>
              <th scope="col">Bin</th>
              {pair.map(({ name }) => (
                <th scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bins.map((bin, index) => (
              <tr>
                <th scope="row">{bin}</th>
                {pair.map(({ shares }) => (
                  <td class="number">{shareText(shares[index] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  );
}

/** @returns a share of each bin; zeros where nothing was counted */
function sharesOf(counts: readonly number[], bins: number): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Array.from({ length: bins }, (_, index) => (total === 0 ? 0 : (counts[index] ?? 0) / total));
}

function Episodes({ drift: { events }, shown: { episodes } }: { drift: ModelDrift; shown: VersionDrift }) {
  return (
    <section aria-labelledby="episodes">
      <h2 id="episodes">Episodes and signals</h2>
      {episodes.length === 0 ? <p class="quiet">There was no episode of drift.</p> : null}
      <ul>
        {episodes.map(({ beganMs, endedMs, reason }) => (
          <li>
            From <Time ms={beganMs} /> {endedMs === null ? 'until now' : <Time ms={endedMs} />} {reason}
          </li>
        ))}
        {events.map(({ type, createdMs, deliveredMs, lastError }) => (
          <li>
            {type}, <Time ms={createdMs} />: {deliveredMs === null ? `not delivered ${lastError ?? ''}` : 'delivered'}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function baselineScreen(
  frame: Frame,
  model: string,
  change: { readonly action: 'accept' | 'withdraw'; readonly version: string; readonly place: string },
) {
  const { viewer } = frame;
  const { action, version, place } = change;
  const words = ['npx', 'popserve', 'drift', model, `--${action}`, place, '--version', version, '--reason'];
  return (
    <ModelPage frame={frame} model={model} tab={null}>
      <h2>Before it changes</h2>
      <p>
        {action === 'accept'
          ? `What ${place} sent in its newest judged windows becomes its usual: version ${version} is judged against it there.`
          : `${place} is judged against the reference data of version ${version} again.`}
      </p>
      <CommandLine>{`${shellLine(words)} '…'`}</CommandLine>
      {viewer === null ? null : (
        <form class="stack" method="post" action={`/console/models/${model}/drift/change`}>
          <Mark viewer={viewer} />
          {Object.entries(change).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <label>
            Reason, kept in the audit
            <input name="reason" required maxlength={1000} autofocus />
          </label>
          <div class="row">
            <button class="main" type="submit">
              {action === 'accept' ? 'Accept it' : 'Take it back'}
            </button>
            <a class="button" href={`/console/models/${model}/drift`}>
              Leave it as it is
            </a>
          </div>
        </form>
      )}
    </ModelPage>
  );
}
