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

command -v wrk >/dev/null || script/setup wrk
script/setup >/dev/null
script/build otpd bridgexapi-stub >/dev/null
work=$(mktemp -d)
pids=()
clean_up() {
    kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

listening() { # <log> <listener>: the address that a program says it listens on
    local tries
    for ((tries = 0; tries < 200; ++tries)); do
        [[ ! -e $1 ]] || ! sed -n "s/.*\"event\":\"listening\",\"listener\":\"$2\",\"address\":\"\([^\"]*\)\".*/\1/p" "$1" | grep . || return 0
        sleep 0.05
    done
    cat "$1" >&2
    exit 1
}

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

key=$(openssl rand -hex 16)
script/certificate "$work" localhost 127.0.0.1
build/release/bridgexapi-stub --listen 127.0.0.1:0 --api-key "$key" --tls-cert "$work/server.pem" --tls-key "$work/server.key" \
    >"$work/stub.log" &
pids+=($!)
stub=$(listening "$work/stub.log" stub)

declare -A address
start_otpd() { # <name> <store url>
    env -i BRIDGEXAPI_BASE_URL="https://$stub" BRIDGEXAPI_API_KEY="$key" OTPD_BRIDGEXAPI_CA_FILE="$work/ca.pem" \
        OTP_HMAC_SECRET="$(openssl rand -hex 32)" OTPD_STORE_URL="$2" OTPD_LIMITS_ENABLED=false OTP_TTL_SECONDS=600 \
        OTPD_SERVER_LISTEN=127.0.0.1:0 OTPD_ADMIN_LISTEN= \
        build/release/otpd >"$work/otpd-$1.log" &
    pids+=($!)
    address[$1]=$(listening "$work/otpd-$1.log" api)
}

cat >"$work/send.lua" <<'LUA'
local n = 0
function setup(thread) thread:set("first", 31620000000 + n * 10000000); n = n + 1 end
function request()
    first = first + 1
    return wrk.format("POST", "/send-otp", {["Content-Type"] = "application/json"},
                      string.format('{"phone_number":"%.0f"}', first))
end
LUA
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
start_otpd memory memory:
start_otpd sqlite "sqlite:$work/bench.db"
start_otpd redis "unix:$work/none/socket"
start_otpd redis-everysec "unix:$work/everysec/socket"
start_otpd redis-always "unix:$work/always/socket"

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
