#!/usr/bin/env bash
# Makes many requests to one otpd and measures its memory: bench/soak.sh [--requests N] [--numbers
# N] [--into DIRECTORY]
#
#   --requests N        10000000, which take a quarter of an hour
#   --numbers N         that are sent to in turn (100000): as many codes are live or just expired
#   --into DIRECTORY    for the results, instead of bench/results; docs/ is then not changed
#
# A quarter of the requests are sends over TLS to the stub, the others checks of wrong codes. Codes
# live for 30 s and records no longer, and all counts of numbers are those of the same numbers, so
# nothing should grow from the second half on. A sample is taken after each hundredth of the
# requests. The log contains warnings only, because the rest would load the disk, not the memory.
set -euo pipefail
started_in=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

requests=10000000 numbers=100000 into=''
while (($#)); do
    case $1 in
        --requests) requests=${2:?} && shift 2 ;;
        --numbers) numbers=${2:?} && shift 2 ;;
        --into) into=$(cd "$started_in" && realpath -m "${2:?}") && shift 2 ;;
        *)
            sed -n '2,/^set -/{s/^# \?//p}' bench/soak.sh >&2
            exit 2
            ;;
    esac
done
# shellcheck disable=SC2034  # http.sh's
bench_targets=(bench_filled bench_load)
source bench/http.sh
source bench/contestants.sh
source bench/growth_servers.sh

answered() {
    curl --silent --fail "http://$admin/metrics" | awk '/^otpd_(checks|sends)_total/ { sum += $2 } END { printf "%d", sum }'
}
# The counts of each outcome so far, because a soak of refusals would prove nothing.
outcomes() {
    curl --silent --fail "http://$admin/metrics" |
        sed -n 's/^otpd_\(check\|send\)s_total{.*outcome="\([a-z_]*\)".*} \([0-9]*\)$/"\1_\2":\3/p' | paste -sd,
}

sample() { # <requests>
    printf '{"what":"soak","requests":%d,"live":%d,"resident_kib":%d,"seconds":%d}\n' "$1" "$(live_codes)" "$(resident_kib "$server")" "$SECONDS"
}

start_stub
start_server soak "$build/otpd" "${policies[@]}" "${many_guesses[@]}" OTP_TTL_SECONDS=30 OTPD_OTP_RECORD_SECONDS=30 OTP_SEND_COOLDOWN_SECONDS=0 \
    OTPD_LIMITS_NUMBER_10M=0 OTPD_LIMITS_NUMBER_24H=1000000000 \
    OTPD_LIMITS_ALL_CLIENTS_24H=1000000000
lines=$work/soak.jsonl
{
    machine_line "\"part\":\"soak\",\"rounds\":1,\"requests\":$requests"
    SECONDS=0 asked=0
    wrk -t1 -c64 -d24h --timeout 10s -s bench/soak.lua "http://$target" -- "$numbers" >"$work/wrk" 2>&1 &
    load=$!
    pids+=("$load")
    for ((step = 1; step <= 100; ++step)); do
        while ((asked < requests * step / 100)); do
            kill -0 "$load"
            sleep 0.5
            asked=$(answered)
        done
        sample "$asked"
    done
    printf '{"what":"soaked","requests":%d,"outcomes":{%s}}\n' "$asked" "$(outcomes)"
    kill -INT "$load"
} >"$lines"
results=${into:-bench/results}/$(date +%F)-growth.jsonl
mkdir -p "$(dirname "$results")"
python3 bench/growth_report.py keep "$results" soak "$lines"
python3 bench/growth_report.py text "$results"
[[ -n $into ]] || python3 bench/growth_report.py document "$results" docs/performance.md docs/images
