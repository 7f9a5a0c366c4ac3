// What was served when: each route of a model with who made it and why, the newest first.
import type { ModelPage as ModelData } from '../../models/model-page.ts';
import { Time } from '../parts/figures.tsx';
import { Wide } from '../parts/wide.tsx';

export function History({ data: { history, older, name } }: { data: ModelData }) {
  return (
    <section aria-labelledby="history">
      <h2 id="history">History</h2>
      {history.length === 0 ? (
        <p class="quiet">Nothing has been released.</p>
      ) : (
        <Wide label="Table of changes">
          <table class="stacks">
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
                  <td class="number" data-name="Epoch">
                    {route.epoch}
                  </td>
                  <td class="nowrap" data-name="When">
                    <Time ms={route.audit.at} />
                  </td>
                  <td data-name="Change">
                    {route.audit.action}
                    <div class="quiet">
                      stable {route.aliases.stable ?? 'none'}
                      {route.rollout === null ? '' : `, canary ${route.rollout.version} ${route.rollout.percent} %`}
                    </div>
                  </td>
                  <td data-name="By">{route.audit.actor}</td>
                  <td data-name="Why">
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
