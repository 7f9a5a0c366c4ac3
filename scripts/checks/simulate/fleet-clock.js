// The clock of a simulated isolate: `stop` makes it stand still, `run` lets it go on from the true time.
const trueNow = Date.now.bind(Date);
let stoppedMs = null;
Date.now = () => stoppedMs ?? trueNow();
globalThis.simulatedClock = (order) => {
  stoppedMs = order === 'stop' ? trueNow() : null;
};
