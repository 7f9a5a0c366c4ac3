// Entry beside the serving bundle: the Durable Object as it is, with a meter on what the platform bills of its storage.
import bundle, { ModelTelemetry } from './index.js';

let cursors = [];
let puts = 0;

function meter(storage) {
  const sql = Object.getPrototypeOf(storage.sql);
  const { exec } = sql;
  sql.exec = function metered(...query) {
    const cursor = exec.apply(this, query);
    cursors.push(cursor);
    return cursor;
  };
  const own = Object.getPrototypeOf(storage);
  for (const name of ['put', 'setAlarm']) {
    const write = own[name];
    own[name] = function metered(...what) {
      puts += 1;
      return write.apply(this, what);
    };
  }
}

let metered = false;

export class MeteredTelemetry extends ModelTelemetry {
  constructor(state, env) {
    if (!metered) meter(state.storage);
    metered = true;
    super(state, env);
  }

  /** @returns rows that the calls since the last reading wrote (each put and alarm is one) and read */
  async readMeter() {
    const of = (name) => cursors.reduce((sum, cursor) => sum + cursor[name], 0);
    const read = { written: of('rowsWritten') + puts, read: of('rowsRead') };
    cursors = [];
    puts = 0;
    return read;
  }
}

export default bundle;
