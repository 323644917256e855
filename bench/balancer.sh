#!/usr/bin/env bash
# shellcheck disable=SC1091,SC2154  # what bench/http.sh and bench/contestants.sh set
# Measures the cost of HAProxy with deploy/haproxy.cfg: bench/balancer.sh [SECONDS [ROUNDS
# [INSTANCES]]]
#
# Uses script/cluster with INSTANCES (1), each on one thread, over Valkey or Redis. wrk checks wrong
# codes over 64 persistent connections. Each round first uses the instances directly, with a share
# of the connections each, and then HAProxy. Most codes have no guesses left, so no check waits for
# the store's disk: HAProxy's cost is most visible beside the cheapest checks. All processes share
# this machine's processors, so what HAProxy uses is not available to the others. Prints one line of
# JSON per round; `ratio` is the rate through HAProxy divided by the direct one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-5} rounds=${2:-5} instances=${3:-1}
source bench/http.sh
source bench/contestants.sh

cluster=$work/cluster
launch "$work/cluster.log" script/cluster --programs "$build" --directory "$cluster" --instances "$instances" \
    OTPD_SERVER_THREADS=1 OTPD_STORE_CAPACITY=100000000 OTP_TTL_SECONDS=600 OTPD_DELIVERY_ENABLED=false "${policies[@]}"
until [[ -e $cluster/cluster.env ]]; do
    kill -0 "$launched" 2>/dev/null || { cat "$work/cluster.log" >&2 && exit 1; }
    sleep 0.1
done
declare -A at
while IFS='=' read -r name value; do at[$name]=$value; done <"$cluster/cluster.env"

figures() { # <connections> <seconds> <load> <argument> <url>
    wrk -t1 "-c$1" "-d${2}s" --timeout 10s -H "Authorization: Bearer ${at[API_AUTH_TOKEN]}" -s "bench/loads/$3.lua" "$5" -- "$4" |
        sed -n 's/^figures //p'
}
field_of() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; } # <name>

codes=$(figures 64 3 send 10 "${at[OTPD_1_URL]}" | field_of requests)

directly() { # <seconds>
    local n jobs=()
    for ((n = 1; n <= instances; ++n)); do
        figures $((64 / instances)) "$1" check "$codes" "${at[OTPD_${n}_URL]}" &
        jobs+=("$!")
    done
    wait "${jobs[@]}"
}
through_haproxy() { figures 64 "$1" check "$codes" "${at[CLUSTER_URL]}"; } # <seconds>

servers=()
for ((n = 1; n <= instances; ++n)); do servers+=("${at[OTPD_${n}_PID]}"); done

# Prints the requests answered per second, the worst p50 and p99, and the CPU time per request of
# HAProxy and of the instances.
measure() { # <name of the figures> <function>: sets asked
    local failed p50 p99 balancer service
    "$2" 1 >/dev/null
    balancer=$(cpu_ns "${at[BALANCER_PID]}") service=$(cpu_ns "${servers[@]}")
    "$2" "$seconds" >"$work/figures"
    balancer=$(($(cpu_ns "${at[BALANCER_PID]}") - balancer)) service=$(($(cpu_ns "${servers[@]}") - service))
    asked=$(field_of requests <"$work/figures" | awk '{ sum += $1 } END { print sum }')
    failed=$(field_of socket_errors <"$work/figures" | awk '{ sum += $1 } END { print sum }')
    p50=$(field_of p50_us <"$work/figures" | sort -n | tail -1)
    p99=$(field_of p99_us <"$work/figures" | sort -n | tail -1)
    printf '"%s":{"per_s":%d,"p50_us":%d,"p99_us":%d,"failed":%d,"haproxy_ns_each":%d,"otpd_ns_each":%d}' "$1" \
        $((asked / seconds)) "$p50" "$p99" "$failed" $((balancer / asked)) $((service / asked))
}

for ((round = 1; round <= rounds; ++round)); do
    printf '{"what":"balancer","round":%d,"instances":%d,"codes":%d,' "$round" "$instances" "$codes"
    measure direct directly
    direct=$asked
    printf ','
    measure haproxy through_haproxy
    printf ',"ratio":%s}\n' "$(awk "BEGIN { printf \"%.2f\", $asked / $direct }")"
done
