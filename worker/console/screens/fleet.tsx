// The points of presence that are heard of, and the memory and the loaded models of the isolate that answers.
import type { Fleet, PlaceRow } from '../../models/fleet.ts';
import { type Frame, Page } from '../page.tsx';
import { bytesText, countText, secondsText, Time } from '../parts/figures.tsx';
import { placeName } from '../parts/places.ts';
import { Wide } from '../parts/wide.tsx';

/** Models that a row names. */
const mostNamed = 5;

export function fleetScreen(frame: Frame, fleet: Fleet) {
  const { places, asked, isMore, here } = fleet;
  return (
    <Page frame={frame} title="Fleet">
      <h1>Fleet</h1>
      {places.length === 0 ? (
        <p class="note">
          No point of presence has reported within ten minutes. They report once they are asked for something.
        </p>
      ) : (
        <Wide label="Points of presence">
          <table>
            <caption>
              {countText(places.length)} points of presence heard of within ten minutes, by the reports of{' '}
              {isMore ? `the first ${asked} models` : `${asked} models`}
            </caption>
            <thead>
              <tr>
                <th scope="col">Place</th>
                <th scope="col" class="number">
                  Isolates
                </th>
                <th scope="col">Serves</th>
                <th scope="col">Heard of</th>
              </tr>
            </thead>
            <tbody>
              {places.map((place) => (
                <Place place={place} />
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      <h2>This isolate</h2>
      <div class="cards">
        <Memory memory={here.popserve_memory} />
        <Heap heap={here.popserve_heap} />
      </div>
      <Loaded versions={here.model_stats} />
    </Page>
  );
}

function Place({ place: { pop, isolates, seenAtMs, models } }: { place: PlaceRow }) {
  const name = placeName(pop);
  const behind = models.filter(({ status, newest }) => status.epoch < newest || status.held !== null);
  return (
    <tr>
      <th scope="row">
        {pop} {name === null ? null : <span class="quiet">{name}</span>}
      </th>
      <td class="number">{countText(isolates)}</td>
      <td>
        {models.slice(0, mostNamed).map(({ model, status }) => (
          <div>
            <a href={`/console/models/${model}/release`}>{model}</a> {status.stable ?? 'nothing'}
          </div>
        ))}
        {models.length > mostNamed ? <div class="quiet">and {models.length - mostNamed} more</div> : null}
        {behind.length === 0 ? null : <span class="mark warn">{behind.length} behind or held back</span>}
      </td>
      <td class="nowrap">
        <Time ms={seenAtMs} />
      </td>
    </tr>
  );
}

const purposes = {
  base: 'without a request',
  heap: 'models',
  kept: 'kept between requests',
  bodies: 'bodies of requests',
  decoded: 'decoded tensors and pictures',
  answers: 'answers on their way',
  shadows: 'shadow runs',
  control: 'calls of the control plane',
} as const;

function Memory({ memory }: { memory: Fleet['here']['popserve_memory'] }) {
  if (memory === undefined) return null;
  return (
    <section class="card">
      <h3>Memory, of {bytesText(memory.limit)}</h3>
      <dl class="facts">
        {(Object.keys(purposes) as (keyof typeof purposes)[]).map((purpose) => (
          <>
            <dt>{purposes[purpose]}</dt>
            <dd>{bytesText(memory[purpose])}</dd>
          </>
        ))}
        <dt>left</dt>
        <dd>{bytesText(Math.max(0, memory.room))}</dd>
      </dl>
    </section>
  );
}

function Heap({ heap }: { heap: Fleet['here']['popserve_heap'] }) {
  if (heap === undefined) return null;
  return (
    <section class="card">
      <h3>Heap of the models</h3>
      <dl class="facts">
        <dt>size</dt>
        <dd>
          {bytesText(heap.byte_size)} of {bytesText(heap.budget)}
        </dd>
        <dt>given up, not collected yet</dt>
        <dd>{bytesText(heap.discarded)}</dd>
        <dt>started anew</dt>
        <dd>{countText(heap.replacements)} times</dd>
      </dl>
    </section>
  );
}

function Loaded({ versions }: { versions: Fleet['here']['model_stats'] }) {
  const loaded = versions.filter(({ memory_usage }) => memory_usage.length > 0);
  if (loaded.length === 0) return <p class="quiet">No model is loaded here now; one is when it is first asked.</p>;
  return (
    <Wide label="Loaded models">
      <table>
        <caption>
          Models loaded in this isolate, and what their load took; steps without I/O read 0 in production
        </caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" class="number">
              Memory
            </th>
            <th scope="col">Profile</th>
            <th scope="col" class="number">
              Answered
            </th>
            <th scope="col" class="number">
              Fetched in
            </th>
            <th scope="col" class="number">
              Made in
            </th>
            <th scope="col" class="number">
              First run
            </th>
          </tr>
        </thead>
        <tbody>
          {loaded.map(
            ({ name, version, memory_usage, popserve_profile, popserve_cold_start: cold, execution_count }) => (
              <tr>
                <th scope="row">
                  <a href={`/console/models/${name}`}>{name}</a> {version}
                </th>
                <td class="number">{bytesText(memory_usage[0]?.byte_size ?? 0)}</td>
                <td>{popserve_profile ?? '–'}</td>
                <td class="number">{countText(execution_count)}</td>
                <td class="number">{cold === undefined ? '–' : secondsText(cold.fetch_ms)}</td>
                <td class="number">{cold === undefined ? '–' : secondsText(cold.create_ms)}</td>
                <td class="number">{cold === undefined ? '–' : secondsText(cold.warmup_ms)}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </Wide>
  );
}
