// A release on its way: which point of presence serves which epoch, how long it took, what is held back and why. The part that
// changes is asked for again by a script; without it the page is loaded again by hand.
import type { ModelStatus, PopStatus } from '../../../registry/api/status.ts';
import type { Frame } from '../page.tsx';
import { countText, figureText, secondsText, Time } from '../parts/figures.tsx';
import { ModelPage } from '../parts/model-frame.tsx';
import { placeName } from '../parts/places.ts';
import { Wide } from '../parts/wide.tsx';

/** While a release spreads, and when it has arrived: a page that is left open over night asks less than 1,000 times. */
const spreadingMs = 2_000;
const arrivedMs = 60_000;
/** PoPs that a page lists. */
const mostPops = 400;

export function releaseScreen(frame: Frame, status: ModelStatus) {
  const { model } = status;
  return (
    <ModelPage frame={frame} model={model} tab="Release">
      <div id="live" data-live={`/console/models/${model}/release?part=live`} aria-live="polite">
        {liveRelease(status)}
      </div>
      <noscript>
        <p>
          <a href={`/console/models/${model}/release`}>Load again</a>
        </p>
      </noscript>
    </ModelPage>
  );
}

/** The part of the page that changes. */
export function liveRelease({ model, release, pops, guard, route }: ModelStatus) {
  const shown = [...pops].sort((a, b) => a.epoch - b.epoch || a.pop.localeCompare(b.pop)).slice(0, mostPops);
  const newest = route?.epoch ?? release?.epoch ?? 0;
  const isSpreading = release !== null && (release.epoch < newest || release.reachedPops < release.pops);
  return (
    <div data-every={String(isSpreading ? spreadingMs : arrivedMs)}>
      {release === null ? (
        <p class="note">No point of presence has reported {model} yet. They report once it is asked for something.</p>
      ) : (
        <Spread release={release} newest={newest} />
      )}
      {guard.length === 0 ? null : <Guard findings={guard} />}
      {shown.length === 0 ? null : (
        <Wide label="Points of presence">
          <table>
            <caption>
              {countText(pops.length)} points of presence heard of within ten minutes, the furthest behind first
              {pops.length > shown.length ? `; the first ${shown.length}` : ''}
            </caption>
            <thead>
              <tr>
                <th scope="col">Place</th>
                <th scope="col" class="number">
                  Epoch
                </th>
                <th scope="col">Serves</th>
                <th scope="col" class="number">
                  Isolates
                </th>
                <th scope="col">Heard of</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((pop) => (
                <Pop status={pop} newest={newest} />
              ))}
            </tbody>
          </table>
        </Wide>
      )}
    </div>
  );
}

function Spread({ release, newest }: { release: NonNullable<ModelStatus['release']>; newest: number }) {
  const { epoch, pops, reachedPops, releasedAtMs, reach50Ms, reach90Ms, reach100Ms } = release;
  const share = pops === 0 ? 0 : reachedPops / pops;
  const times = [
    ['half of them', reach50Ms],
    ['90 %', reach90Ms],
    ['all', reach100Ms],
  ] as const;
  return (
    <section class="card">
      <h2>
        Epoch {epoch}, released <Time ms={releasedAtMs} />
      </h2>
      {epoch < newest ? <p class="note warn">Epoch {newest} is released, and nobody has reported it yet.</p> : null}
      <p>
        {pops === 0 ? (
          'It is on its way: no point of presence has asked for it yet.'
        ) : (
          <>
            {countText(reachedPops)} of {countText(pops)} points of presence serve it or a later one.{' '}
            <meter
              min="0"
              max="1"
              value={String(share)}
              aria-label={`${Math.round(share * 100)} % serve epoch ${epoch}`}
            />
          </>
        )}
      </p>
      <dl class="facts">
        {times.map(([name, ms]) => (
          <>
            <dt>until {name}</dt>
            <dd>{ms === null ? 'not yet' : secondsText(ms)}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

function Guard({ findings }: { findings: ModelStatus['guard'] }) {
  return (
    <section class="card">
      <h2>Limits of the canary</h2>
      <ul>
        {findings.map(({ name, limit, value, samples, text, passed }) => (
          <li>
            <span class={`mark ${passed ? 'bad' : 'good'}`}>{passed ? 'passed' : 'kept'}</span> {name}:{' '}
            {figureText(value)}, at most {figureText(limit)}, from {countText(samples)} requests ({text})
          </li>
        ))}
      </ul>
    </section>
  );
}

function Pop({ status, newest }: { status: PopStatus; newest: number }) {
  const { pop, epoch, highestEpoch, stable, canary, held, ahead, isolates, seenAtMs } = status;
  const place = placeName(pop);
  return (
    <tr>
      <th scope="row">
        {pop} {place === null ? null : <span class="quiet">{place}</span>}
      </th>
      <td class="number">
        {epoch === highestEpoch ? epoch : `${epoch} to ${highestEpoch}`}{' '}
        {epoch < newest ? <span class="mark warn">behind</span> : <span class="mark good">current</span>}
      </td>
      <td>
        {stable ?? <span class="quiet">nothing</span>}
        {canary === null ? null : ` (canary ${canary.version} ${canary.percent} %)`}
        {held === null ? null : (
          <div class="note warn">
            Epoch {held.epoch} is held back: {held.reason}
          </div>
        )}
        {ahead === null ? null : (
          <div class="note bad">
            This epoch is not in the log any more, which ends at {ahead.logEpoch}: see npx popserve renew.
          </div>
        )}
      </td>
      <td class="number">{isolates}</td>
      <td class="nowrap">
        <Time ms={seenAtMs} />
      </td>
    </tr>
  );
}
