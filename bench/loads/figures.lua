-- What wrk measured, as one JSON object: latencies in microseconds. Every load's script requires
-- this one. wrk's next request on a connection waits for the last one's reply, so these latencies
-- leave out what a stalled server keeps from being asked; bench_load is for those.
function done(summary, latency, requests)
    io.write(string.format('figures {"requests":%d,"us":%d,"socket_errors":%d,"not_2xx":%d,"p50_us":%d,"p99_us":%d,"p999_us":%d}\n',
                           summary.requests, summary.duration,
                           summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
                           summary.errors.status, latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
