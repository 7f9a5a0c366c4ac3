// Two versions side by side: gate, contract, shadow, requests, latency, size and memory.
import type { Manifest } from '../../../registry/manifest.ts';
import type { Comparison } from '../../models/comparison.ts';
import type { Frame } from '../page.tsx';
import { bytesText, countText, figureText, secondsText, shareText } from '../parts/figures.tsx';
import { ModelPage } from '../parts/model-frame.tsx';
import { Wide } from '../parts/wide.tsx';

type Pair = NonNullable<Comparison['pair']>;

export function compareScreen(frame: Frame, comparison: Comparison) {
  const { model, names, pair, status } = comparison;
  return (
    <ModelPage frame={frame} model={model} tab="Compare">
      {pair === null ? (
        <p class="note">There are no two versions to compare yet. Publish a second one.</p>
      ) : (
        <>
          <form class="row" method="get">
            <Choice label="Version" name="left" names={names} chosen={pair.left.version} />
            <Choice label="Compared with" name="right" names={names} chosen={pair.right.version} />
            <button class="main" type="submit">
              Compare
            </button>
          </form>
          <Contract pair={pair} />
          <Shadow pair={pair} />
          <Figures pair={pair} status={status} />
        </>
      )}
    </ModelPage>
  );
}

function Choice({
  label,
  name,
  names,
  chosen,
}: {
  label: string;
  name: string;
  names: readonly string[];
  chosen: string;
}) {
  return (
    <label>
      {label}
      <select name={name}>
        {names.map((version) => (
          <option value={version} selected={version === chosen}>
            {version}
          </option>
        ))}
      </select>
    </label>
  );
}

function Contract({ pair: { left, right, breaks } }: { pair: Pair }) {
  return (
    <>
      <h2>Callers</h2>
      {breaks.length === 0 ? (
        <p>
          <span class="mark good">kept</span> Callers of {left.version} can be given {right.version}.
        </p>
      ) : (
        <ul>
          {breaks.map((text) => (
            <li>
              <span class="mark bad">breaks</span> {text}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Shadow({ pair: { left, right, shadow } }: { pair: Pair }) {
  if (shadow === null) {
    return (
      <>
        <h2>Shadow</h2>
        <p class="quiet">
          {right.version} has not run as shadow of {left.version}. A shadow answers the same questions, and its answers
          are compared.
        </p>
      </>
    );
  }
  const { compared, disagreements, errors, skipped, meanDifference, maxDifference, disagreementShare } = shadow;
  return (
    <>
      <h2>Shadow</h2>
      <dl class="facts">
        <dt>compared</dt>
        <dd>{countText(compared)} answers</dd>
        <dt>decided otherwise</dt>
        <dd>
          {countText(disagreements)}
          {disagreementShare === null ? '' : ` (${shareText(disagreementShare)})`}
        </dd>
        <dt>difference of numbers</dt>
        <dd>
          {meanDifference === null
            ? 'none was compared'
            : `${figureText(meanDifference)} in the mean, ${figureText(maxDifference ?? 0)} at most`}
        </dd>
        <dt>failed, left out</dt>
        <dd>
          {countText(errors)}, {countText(skipped)}
        </dd>
      </dl>
    </>
  );
}

function Figures({ pair: { left, right }, status }: { pair: Pair; status: Comparison['status'] }) {
  const pairs = [left, right] as const;
  const metrics = [...new Set(pairs.flatMap(({ evaluation }) => Object.keys(evaluation?.metrics ?? {})))];
  const rows: readonly (readonly [name: string, of: (manifest: Manifest) => string])[] = [
    ...metrics.map((name) => [name, ({ evaluation }: Manifest) => figureOr(evaluation?.metrics[name])] as const),
    [
      'test data',
      ({ evaluation }) =>
        evaluation === undefined ? '–' : `${countText(evaluation.data.rows)} of ${evaluation.data.file}`,
    ],
    ['requests', ({ version }) => countOr(totals(version)?.requests)],
    ['failed', ({ version }) => countOr(totals(version)?.failures)],
    ['p50, by callers', ({ version }) => durationOr(latency(version)?.p50Ms)],
    ['p95, by callers', ({ version }) => durationOr(latency(version)?.p95Ms)],
    ['size', ({ artifacts }) => bytesText(artifacts.model.bytes)],
    ['memory, fast', ({ runtime }) => bytesOr(runtime.profiles.fast?.heapBytes)],
    ['memory, lean', ({ runtime }) => bytesOr(runtime.profiles.lean?.heapBytes)],
    [
      'a run where it was published',
      ({ runtime }) => durationOr((runtime.profiles.fast ?? runtime.profiles.lean)?.runMs),
    ],
  ];
  function totals(version: string) {
    return status?.versions.find((each) => each.version === version);
  }
  function latency(version: string) {
    return status?.latency?.recent.find(
      (each) => each.version === version && each.place === 'global' && each.side !== 'named',
    );
  }
  return (
    <>
      <h2>Figures</h2>
      <Wide label="Figures of both versions">
        <table>
          <thead>
            <tr>
              <th scope="col">Figure</th>
              {pairs.map(({ version }) => (
                <th scope="col" class="number">
                  {version}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, of]) => (
              <tr>
                <th scope="row">{name}</th>
                {pairs.map((manifest) => (
                  <td class="number">{of(manifest)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  );
}

const figureOr = (value: number | undefined) => (value === undefined ? '–' : figureText(value));
const countOr = (value: number | undefined) => (value === undefined ? '–' : countText(value));
const bytesOr = (value: number | undefined) => (value === undefined ? '–' : bytesText(value));
const durationOr = (value: number | null | undefined) =>
  value === undefined || value === null ? '–' : secondsText(value);
