// Logs one JSON line per event. The platform's logs index its fields.
import { redact } from './redact.ts';

export type Log = (event: string, fields: Record<string, unknown>) => void;

export const log: Log = (event, fields) => {
  console.log(redact(JSON.stringify({ event, ...fields })));
};
