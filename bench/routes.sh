#!/usr/bin/env bash
# Measures how a route that hangs affects the others: bench/routes.sh [SECONDS [ROUNDS]]
#
# Uses an otpd on the memory store with one thread, the stub over TLS, and three simultaneous loads,
# each at its own rate: wrong codes for numbers with a live code, sends on route 3, and sends on
# route 8. First route 8 answers; then, with a fresh otpd and the same loads, the stub holds each of
# its sends for ever. The stub's faults do not know routes, so it distinguishes them by numbers.
# With BASE=PROGRAM, an otpd of another version takes its turns too. A request without an answer
# within a second is `unanswered`, and is in no percentile until it has one. Prints one JSON object
# per line; a ratio (`hangs` by `answers`) is taken within one round.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-10} rounds=${2:-5}
source bench/http.sh

cat >"$work/paced.lua" <<'LUA'
-- arguments: what to ask ("check" or "send"), milliseconds between two requests of a connection, first number, how many numbers, route
function init(args)
    what, pause, first, count, route = args[1], tonumber(args[2]), tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
    number = first - 1
    math.randomseed(first)
end
function delay() return pause end
function request()
    local headers = {["Content-Type"] = "application/json"}
    if what == "check" then
        local of = first + math.random(0, count - 1)
        return wrk.format("POST", "/verify-otp", headers, string.format('{"phone_number":"%.0f","code":"000000"}', of))
    end
    number = number + 1
    return wrk.format("POST", "/send-otp", headers, string.format('{"phone_number":"%.0f","route_id":%d}', number, route))
end
function done(summary, latency, requests)
    io.write(string.format("figures %d %d %d %.2f %.2f\n", summary.requests, summary.errors.status, summary.errors.timeout,
                           latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
LUA

# Dutch mobile numbers, a million per load.
readonly checked=31610000001 sent=31620000001 hanging=31650000001
load() { # <otpd> <connections> <what> <milliseconds> <first number> [<numbers> <route>]: requests, refused, unanswered, p50 and p99 in ms
    local name=$1 connections=$2
    shift 2
    wrk -t1 "-c$connections" "-d${seconds}s" --timeout 1s -s "$work/paced.lua" "http://${address[$name]}" -- "$@" |
        sed -n 's/^figures //p'
}
# <otpd>: sends a code to as many of the checked numbers as two seconds allow, and sets $live.
make_live() {
    live=$(wrk -t1 -c64 -d2s -s bench/loads/send.lua "http://${address[$1]}" -- 0 | sed -n 's/ *\([0-9]*\) requests in.*/\1/p')
}
control() { # <method> [<body>]: the stub's faults
    curl --silent --show-error --fail --cacert "$work/ca.pem" --request "$1" --header 'Content-Type: application/json' \
        --data "${2:-}" "https://$stub/__stub/faults" >/dev/null
}

measure() { # <round> <version> <program> <answers|hangs>
    local name=$2-$4-$1 checks sends others
    control DELETE
    local cap
    mapfile -t cap < <(most_a_day "$3" 0)
    start_otpd "$name" "$3" "${cap[@]}" OTPD_SERVER_THREADS=1 OTPD_STORE_CAPACITY=100000000 OTPD_LIMITS_ENABLED=false BRIDGEXAPI_TIMEOUT=5
    make_live "$name"
    if [[ $4 == hangs ]]; then
        control POST '{"fault":"hold","endpoint":"send_sms","number":"3165*","accept":false}'
    fi
    load "$name" 64 send 200 "$hanging" 0 8 >"$work/others" &
    local of_route_8=$!
    load "$name" 16 send 20 "$sent" 0 3 >"$work/sends" &
    local of_route_3=$!
    load "$name" 16 check 10 "$checked" "$live" 0 >"$work/checks"
    wait "$of_route_8" "$of_route_3"
    # The hanging sends would keep it from ending by itself.
    kill -KILL "${process[$name]}"
    wait "${process[$name]}" 2>/dev/null || true
    read -ra checks <"$work/checks"
    read -ra sends <"$work/sends"
    read -ra others <"$work/others"
    printf '{"bench":"routes","round":%d,"version":"%s","route_8":"%s","checks":%d,"checks_unanswered":%d,"checks_p50_ms":%s,"checks_p99_ms":%s,' \
        "$1" "$2" "$4" "${checks[0]}" "${checks[@]:2}"
    printf '"sends":%d,"not_sent":%d,"sends_unanswered":%d,"sends_p50_ms":%s,"sends_p99_ms":%s,' "${sends[@]}"
    printf '"route_8_sends":%d,"route_8_not_sent":%d,"route_8_unanswered":%d}\n' "${others[@]:0:3}"
}

start_stub
versions=(this)
declare -A program=([this]=$build/otpd)
if [[ -n ${BASE:-} ]]; then
    versions=(base this)
    program[base]=$BASE
fi
for ((round = 1; round <= rounds; ++round)); do
    for version in "${versions[@]}"; do
        measure "$round" "$version" "${program[$version]}" answers
        measure "$round" "$version" "${program[$version]}" hangs
    done
done
