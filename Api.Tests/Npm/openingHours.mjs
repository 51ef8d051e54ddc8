// opening_hours.js, which OpenStreetMap's editors and maps read hours with. A line of input is a value and a range of local
// times, {"value", "from", "to"}, the first of which is now; its answer is a line: {"error"}, or {"warnings", "intervals": [[from, to, "open" or "unknown"]…]}.
import { createInterface } from 'node:readline';
import OpeningHours from 'opening_hours';

// Times are by the clock on the wall, wherever that is.
process.env.TZ = 'UTC';
let now;
globalThis.Date = class extends Date {
  constructor(...parts) {
    super(...(parts.length ? parts : [now]));
  }
};
const local = date => date.toISOString().slice(0, 16);

createInterface({ input: process.stdin }).on('line', line => {
  const { value, from, to } = JSON.parse(line);
  now = from + 'Z';
  let answer;
  try {
    const hours = new OpeningHours(value, null, { mode: 0, locale: 'en' });
    const intervals = hours.getOpenIntervals(new Date(from + 'Z'), new Date(to + 'Z'));
    answer = {
      warnings: hours.getWarnings(),
      intervals: intervals.map(([opens, closes, unknown]) => [local(opens), local(closes), unknown ? 'unknown' : 'open']),
    };
  } catch (error) {
    answer = { error: `${error}` };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
});
