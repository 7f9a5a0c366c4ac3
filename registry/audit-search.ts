// Which records of the audit are asked for, and how their details read in one line: the same for the command and for the console.
import type { AuditRecord } from './api/audit.ts';

export interface AuditFilter {
  /** A part of the name of a person or of a key. */
  readonly actor?: string;
  /** A part of what was done, such as `key` or `route`. */
  readonly change?: string;
  readonly model?: string;
}

export function isAsked(record: AuditRecord, { actor, change, model }: AuditFilter): boolean {
  if (model !== undefined && modelOfRecord(record) !== model) return false;
  if (change !== undefined && !record.change.includes(change)) return false;
  return actor === undefined || record.actor.includes(actor) || record.caller.includes(actor);
}

/** The model that a change is about: told by its details or by the path of the call; null for none. */
export function modelOfRecord({ details, path }: AuditRecord): string | null {
  if (typeof details.model === 'string') return details.model;
  return /^\/(?:registry|v2\/repository|console)\/models\/([^/]+)/.exec(path)?.[1] ?? null;
}

/** Values with their names; an action, which an object is named after, stands without: `canary, percent 5, version 2`. */
export function describeDetails(details: AuditRecord['details']): string {
  return Object.entries(details)
    .filter(([name]) => name !== 'model')
    .flatMap(([name, value]) => describeValue(name, value))
    .join(', ');
}

function describeValue(name: string, value: unknown): string[] {
  if (value === null) return [];
  if (Array.isArray(value)) return [`${name} ${value.join(', ')}`];
  if (typeof value !== 'object') return [`${name} ${String(value)}`];
  return Object.entries(value).flatMap(([member, inner]) =>
    member === name && typeof inner === 'string' ? [inner] : describeValue(member, inner),
  );
}
