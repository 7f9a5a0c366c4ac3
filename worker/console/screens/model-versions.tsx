// The versions of a model, the last published first, with the figures of their gate.
import { routedAs } from '../../../registry/route.ts';
import { type ModelPage as ModelData, type VersionRow, versionsShown } from '../../models/model-page.ts';
import { bytesText, countText, figureText, Time } from '../parts/figures.tsx';
import { Wide } from '../parts/wide.tsx';

export function Versions({ data }: { data: ModelData }) {
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
