-- Prints wrk's measurements as one JSON object, with latencies in microseconds. Every load's script
-- requires this one. wrk's next request on a connection waits for the last one's reply, so these
-- latencies omit the requests that a stalled server delays; bench_load measures those.
function done(summary, latency, requests)
    io.write(string.format('figures {"requests":%d,"us":%d,"socket_errors":%d,"not_2xx":%d,"p50_us":%d,"p99_us":%d,"p999_us":%d}\n',
                           summary.requests, summary.duration,
                           summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
                           summary.errors.status, latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
