-- What every measurement prints when it is done: a line of tab-separated figures that `run` picks up.
-- Requests a second, p50 and p99 in microseconds, answers, answers of 400 and above, broken connections and time-outs.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT\t%.1f\t%d\t%d\t%d\t%d\t%d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50), latency:percentile(99), summary.requests,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
