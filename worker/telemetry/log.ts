// One JSON line per event, which the platform's logs index by field.

export type Log = (event: string, fields: Record<string, unknown>) => void;

export const log: Log = (event, fields) => {
  console.log(JSON.stringify({ event, ...fields }));
};
