// The Hono context that handlers and middleware share.
import type { SecureHeadersVariables } from 'hono/secure-headers';
import type { Isolate } from '../isolate.ts';
import type { Caller } from '../security/caller.ts';
import type { Session } from '../security/sessions.ts';
import type { RequestTrace } from '../telemetry/trace/request-trace.ts';

/** A change made by a call of the control plane, as the audit keeps it. */
export interface Change {
  readonly change: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The Hono environment of every handler. */
export interface AppContext {
  Bindings: Env;
  Variables: SecureHeadersVariables & {
    isolate: Isolate;
    /** Made when a line is logged: see request-id.ts. */
    requestId?: string;
    /** The trace that the request is part of; undefined for one that brings none and is not sampled. */
    trace?: RequestTrace;
    /** The caller; undefined for anonymous requests. */
    caller?: Caller;
    /** The session of a person at the console, once it was read; null: there is none. */
    session?: Session | null;
    /** The credential of that session, for a call by a script of its pages. */
    sessionCredential?: string;
    /** Large JSON that was read for this caller: see work.ts. */
    work?: { readonly holder: string; readonly bytes: number } | undefined;
    /** The change that this call of the control plane made. */
    change?: Change;
  };
}
