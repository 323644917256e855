#!/usr/bin/env bash
# What the policies cost a send: bench/sends.sh [SECONDS [ROUNDS]]
#
# One otpd after the other on the memory store with one thread, the stub over TLS, wrk with 64 connections, each send to another
# number. `off` counts nothing and believes every number; `on` has every limit, the watch for pumped SMS and the numbering plans, with
# quotas that nobody reaches. With BASE=PROGRAM an otpd of another version takes its turn too. The CPU is that of the otpd process, user
# and system, by /proc. Prints one JSON object a line; a ratio is taken within one run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-5} rounds=${2:-5}
source bench/http.sh

cpu_ticks() { # <pid>
    local stat
    stat=$(<"/proc/$1/stat")
    read -ra stat <<<"${stat##*) }"
    echo $((stat[11] + stat[12]))
}
ticks_per_second=$(getconf CLK_TCK)

measure() { # <name> <round> <first block of numbers>
    local before after requests errors out
    before=$(cpu_ticks "${process[$1]}")
    out=$(wrk -t1 -c64 "-d${seconds}s" -s "$work/send.lua" "http://${address[$1]}" -- "$3")
    after=$(cpu_ticks "${process[$1]}")
    requests=$(sed -n 's/ *\([0-9]*\) requests in.*/\1/p' <<<"$out")
    errors=$(sed -n 's/ *Non-2xx or 3xx responses: *//p' <<<"$out")
    printf '{"bench":"sends","round":%d,"policies":"%s","sends":%d,"not_sent":%d,"cpu_us_per_send":%.1f}\n' \
        "$2" "$1" "$requests" "${errors:-0}" \
        "$(awk "BEGIN { print ($after - $before) * 1e6 / $ticks_per_second / $requests }")"
}

start_stub
common=(OTPD_SERVER_THREADS=1 OTPD_STORE_CAPACITY=100000000)
start_otpd off build/release/otpd "${common[@]}" OTPD_LIMITS_ENABLED=false OTPD_NUMBERS_CHECK=false
start_otpd on build/release/otpd "${common[@]}" OTPD_LIMITS_CLIENT_1M=100000000 OTPD_LIMITS_PREFIX_1H=100000000 \
    OTPD_LIMITS_COUNTRY_1H=100000000 OTPD_LIMITS_GLOBAL_1M=100000000 OTPD_LIMITS_GLOBAL_24H=1000000000 \
    OTPD_PUMPING_UNVERIFIED_FLOOR=100000000 OTPD_PUMPING_BREAKER_SENT=100000000
contestants=(off on)
if [[ -n ${BASE:-} ]]; then
    start_otpd base "$BASE" "${common[@]}" OTPD_LIMITS_ENABLED=false
    contestants=(base off on)
fi
for ((round = 1; round <= rounds; ++round)); do
    for name in "${contestants[@]}"; do
        measure "$name" "$round" "$((round % 50))"
    done
done
