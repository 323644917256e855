#!/usr/bin/env bash
# Checks a second over HTTP, with each store in turn: bench/checks.sh [SECONDS [ROUNDS]]
#
# One otpd and one load generator (wrk, 64 connections) on this machine; for Valkey or Redis a server beside them, without a log,
# with a log flushed each second, and with a log flushed before each answer. Every check is a wrong code for one of
# some ten thousand numbers with a live code, so it reads and, five times a number, writes. The stores take turns ROUNDS times, so that ratios are of one run.
# Prints one JSON object a line. Needs wrk, and what script/cluster needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-5} rounds=${2:-3}

source bench/http.sh

store_program() {
    local name
    for name in valkey redis; do
        command -v "$name-server" && return
        command -v "$name-check-rdb" >/dev/null || continue
        ln -sf "$(command -v "$name-check-rdb")" "$work/$name-server"
        echo "$work/$name-server"
        return
    done
}
start_store() { # <name> <option...>: listens on a socket file of that name
    local name=$1
    shift
    mkdir "$work/$name"
    "$(store_program)" --port 0 --unixsocket "$work/$name/socket" --dir "$work/$name" --save '' "$@" >"$work/$name.log" &
    pids+=($!)
    until [[ -S $work/$name/socket ]]; do sleep 0.05; done
}

cat >"$work/check.lua" <<'LUA'
function init(args) math.randomseed(os.time()) ; count = tonumber(args[1]) end
function request()
    return wrk.format("POST", "/verify-otp", {["Content-Type"] = "application/json"},
                      string.format('{"phone_number":"%.0f","code":"000000"}', 31620000000 + math.random(count)))
end
LUA

make_live() { # <name>: as many numbers get a code as four seconds allow, and prints how many
    wrk -t1 -c64 -d4s -s "$work/send.lua" "http://${address[$1]}" | sed -n 's/ *\([0-9]*\) requests in.*/\1/p'
}
checks_per_second() { # <name> <numbers>
    wrk -t1 -c64 "-d${seconds}s" -s "$work/check.lua" "http://${address[$1]}" -- "$2" | sed -n 's/Requests\/sec: *//p'
}

start_store none --appendonly no
start_store everysec --appendonly yes --appendfsync everysec
start_store always --appendonly yes --appendfsync always
start_stub
start_on() { # <name> <store url>
    start_otpd "$1" build/release/otpd OTPD_STORE_URL="$2" OTPD_LIMITS_ENABLED=false OTP_TTL_SECONDS=600
}
start_on memory memory:
start_on sqlite "sqlite:$work/bench.db"
start_on redis "unix:$work/none/socket"
start_on redis-everysec "unix:$work/everysec/socket"
start_on redis-always "unix:$work/always/socket"

readonly stores=(memory redis redis-everysec redis-always sqlite)
declare -A live
for store in "${stores[@]}"; do
    live[$store]=$(make_live "$store")
done
for ((round = 1; round <= rounds; ++round)); do
    for store in "${stores[@]}"; do
        printf '{"bench":"checks","round":%d,"store":"%s","live_codes":%d,"checks_per_s":%s}\n' \
            "$round" "$store" "${live[$store]}" "$(checks_per_second "$store" "${live[$store]}")"
    done
done
