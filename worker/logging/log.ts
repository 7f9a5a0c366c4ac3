// One JSON line per event, which the platform's logs index by field.
import { redact } from './redact.ts';

export type Log = (event: string, fields: Record<string, unknown>) => void;

export const log: Log = (event, fields) => {
  console.log(redact(JSON.stringify({ event, ...fields })));
};
