#!/usr/bin/env bash
# shellcheck disable=SC1091,SC2034,SC2154  # what bench/http.sh and bench/contestants.sh set and read
# Measures instances that share a store: bench/shared_store.sh [OPTION...] [STORE...]
#
#   --rounds N          rounds in which each takes its turn (3)
#   --seconds S         of each measurement (2)
#   --delay-us N        how long answers of the server are delayed (500)
#   --sizes "K,C..."    instances, and steps in flight of each ("1,1 1,16 3,16 3,64 8,16")
#   --into DIRECTORY    for the results, instead of the build directory
#   STORE               redis, postgres (both), or memory or sqlite, which have one instance and no
#                       delay
#
# bench/shared_store.cpp defines the load. BASE=PROGRAM and PROTOTYPE=PROGRAM take their turns
# beside it: other programs that put the same load on Redis. They take --port, --pid, --K, --C,
# --rtt, --seconds and --warm, and print a JSON object with steps_s, srv_us, inst_us, admit_p50 and
# admit_p99 in us, and retry_step. Each turn has its own server on loopback. Prints a table; ratios
# are taken within a round.
set -euo pipefail
started_in=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds=3 seconds=2 delay=500 sizes=("1,1" "1,16" "3,16" "3,64" "8,16") into='' asked=()
while (($#)); do
    case $1 in
        --rounds) rounds=${2:?} && shift 2 ;;
        --seconds) seconds=${2:?} && shift 2 ;;
        --delay-us) delay=${2:?} && shift 2 ;;
        --sizes) read -ra sizes <<<"${2:?}" && shift 2 ;;
        --into) into=$(cd "$started_in" && realpath -m "${2:?}") && shift 2 ;;
        memory | sqlite | redis | postgres) asked+=("$1") && shift ;;
        *)
            sed -n '3,/^set -/{s/^# \?//p}' bench/shared_store.sh >&2
            exit 2
            ;;
    esac
done
((${#asked[@]})) || asked=(redis postgres)
for variable in BASE PROTOTYPE; do
    [[ -z ${!variable:-} ]] || printf -v "$variable" %s "$(cd "$started_in" && realpath "${!variable}")"
done
bench_targets=(bench_shared_store)
source bench/http.sh
source bench/contestants.sh
readonly warm_up=0.5

start_server() { # <store>: sets $url and $port, and $launched, its process
    port='' launched=0
    case $1 in
        redis)
            port=$(free_port)
            start_redis --appendonly no --bind 127.0.0.1 --port "$port"
            url=redis://127.0.0.1:$port/0
            ;;
        postgres)
            start_postgres
            url="postgres://otpd@127.0.0.1:$postgres_port/postgres?sslmode=disable"
            ;;
        sqlite) url=sqlite:$work/bench.db ;;
        memory) url=memory: ;;
    esac
}

measure() { # <store> <program> <instances> <steps of each>
    local options=()
    case $2 in
        otpd)
            [[ $1 != redis && $1 != postgres ]] || options=(--delay-us "$delay" --server-process "$launched")
            "$build/bench/bench_shared_store" --store "$url" --instances "$3" --in-flight "$4" --seconds "$seconds" --warm-up "$warm_up" \
                "${options[@]}"
            ;;
        prototype) "$PROTOTYPE" --proto B --depth 4 --port "$port" --pid "$launched" --K "$3" --C "$4" --rtt "$delay" --seconds "$seconds" --warm "$warm_up" ;;
        base) "$BASE" --port "$port" --pid "$launched" --K "$3" --C "$4" --rtt "$delay" --seconds "$seconds" --warm "$warm_up" ;;
    esac
}

turn() ( # <round> <store> <program> <instances,steps>
    work=$(mktemp -d "$work/turn.XXXXXX")
    pids=()
    trap clean_up EXIT
    start_server "$2"
    printf '{"round":%d,"store":"%s","program":"%s","instances":%d,"in_flight":%d,"figures":%s}\n' "$1" "$2" "$3" "${4%,*}" "${4#*,}" \
        "$(measure "$2" "$3" "${4%,*}" "${4#*,}")"
)

into=${into:-$build/bench}
mkdir -p "$into"
results=$into/$(date +%F)-shared-store.jsonl
: >"$results"
for ((round = 1; round <= rounds; ++round)); do
    for store in "${asked[@]}"; do
        for size in "${sizes[@]}"; do
            programs=(otpd)
            if [[ $store == redis ]]; then
                [[ -z ${PROTOTYPE:-} ]] || programs+=(prototype)
                [[ -z ${BASE:-} ]] || programs+=(base)
            elif [[ $store != postgres && $size != 1,* ]]; then
                continue
            fi
            for program in "${programs[@]}"; do
                printf 'shared_store: round %d of %d: %s, %s, %s\n' "$round" "$rounds" "$store" "$size" "$program" >&2
                turn "$round" "$store" "$program" "$size" >>"$results"
            done
        done
    done
done
python3 bench/shared_store_table.py "$results"
