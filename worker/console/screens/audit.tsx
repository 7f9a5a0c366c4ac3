// Who changed what, the newest first, searched a bounded way back at a time.
import type { AuditRecord } from '../../../registry/api/audit.ts';
import { type AuditFilter, describeDetails, modelOfRecord } from '../../../registry/audit-search.ts';
import { shellLine } from '../../../registry/shell-words.ts';
import type { AuditFinds } from '../../models/audit-page.ts';
import { type Frame, Page } from '../page.tsx';
import { CommandLine } from '../parts/command.tsx';
import { countText, Time } from '../parts/figures.tsx';
import { Wide } from '../parts/wide.tsx';

export function auditScreen(frame: Frame, filter: AuditFilter, finds: AuditFinds) {
  return (
    <Page frame={frame} title="Audit">
      <p class="trail">
        <a href="/console/access">Access</a> /
      </p>
      <h1>Audit</h1>
      <Search filter={filter} />
      <Records finds={finds} />
      <More filter={filter} finds={finds} />
      <CommandLine>{auditCommand(filter)}</CommandLine>
    </Page>
  );
}

function Search({ filter: { actor, change, model } }: { filter: AuditFilter }) {
  return (
    <form method="get" action="/console/access/audit" class="card">
      <div class="row">
        <label>
          Who
          <input name="actor" value={actor ?? ''} placeholder="a part of the name" spellcheck={false} />
        </label>
        <label>
          Change
          <input name="change" value={change ?? ''} placeholder="route, key" spellcheck={false} />
        </label>
        <label>
          Model
          <input name="model" value={model ?? ''} spellcheck={false} />
        </label>
        <button class="main" type="submit">
          Search
        </button>
      </div>
    </form>
  );
}

function Records({ finds: { records, damaged, lookedAt } }: { finds: AuditFinds }) {
  return (
    <>
      {records.length === 0 ? (
        <p class="empty card">
          {lookedAt === 0 ? 'Nothing has been changed yet.' : 'None of the changes that were looked at is like this.'}
        </p>
      ) : (
        <Wide label="Changes">
          <table class="stacks">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">Change</th>
                <th scope="col">Model</th>
                <th scope="col">Details</th>
                <th scope="col">From</th>
              </tr>
            </thead>
            <tbody>
              {records.map((record) => (
                <Row record={record} />
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {damaged === 0 ? null : (
        <p class="note bad">
          {damaged === 1 ? 'One record' : `${damaged} records`} cannot be read; npx popserve audit --json names them.
        </p>
      )}
    </>
  );
}

function Row({ record }: { record: AuditRecord }) {
  const { at, actor, caller, change, details, address } = record;
  const model = modelOfRecord(record);
  return (
    <tr>
      <td class="nowrap" data-name="When">
        <Time ms={at} />
      </td>
      <td data-name="Who">
        {actor}
        {caller === actor ? null : <div class="quiet">{caller}</div>}
      </td>
      <td data-name="Change">{change}</td>
      <td data-name="Model">
        {model === null ? null : <a href={`/console/models/${encodeURIComponent(model)}`}>{model}</a>}
      </td>
      <td class="long" data-name="Details">
        {describeDetails(details)}
      </td>
      <td class="mono" data-name="From">
        {address}
      </td>
    </tr>
  );
}

function More({ filter, finds: { next, lookedAt, backTo } }: { filter: AuditFilter; finds: AuditFinds }) {
  const query = new URLSearchParams({ ...filter, ...(next === null ? {} : { after: next }) });
  return (
    <div class="pages">
      {backTo === null ? null : (
        <p class="quiet">
          {countText(lookedAt)} {lookedAt === 1 ? 'change was' : 'changes were'} looked at, back to <Time ms={backTo} />
          {next === null ? ': that is all' : null}.
        </p>
      )}
      {next === null ? null : <a href={`/console/access/audit?${query}`}>Look further back</a>}
    </div>
  );
}

function auditCommand(filter: AuditFilter): string {
  const words = Object.entries(filter).flatMap(([name, text]) => [`--${name}`, text]);
  return shellLine(['npx', 'popserve', 'audit', ...words]);
}
