#!/usr/bin/env bash
# Measures what grows with what: bench/growth.sh [OPTION...] [PART...]
#
#   live        CPU and latency of a check and of a send with 10^3 to 5x10^6 live codes, and the
#               memory per code
#   filling     memory of codes that were sent over HTTP, compared with codes present from the start
#   expiry      checks while 10^6 codes expire within one second
#   idle        memory of up to 10,000 idle persistent connections
#   threads     CPU per request with one and two threads
#   shared      CPU and latency of checks and sends with more and more live codes in Redis and in
#               PostgreSQL, and their size there
#   instances   one to three instances on one Redis, and on one PostgreSQL
#   start       from exec to the first answer
#
#   --rounds N          rounds in which each takes its turn (5)
#   --sizes "N..."      of the part live ("1000 100000 1000000 5000000"; the first is the reference)
#   --expiring N        codes of the part expiry (1000000)
#   --connections N     of the part idle (10000)
#   --filling "N..."    seconds of sends that fill the store of the part shared ("1 10 60")
#   --seconds S         of each measurement (3)
#   --into DIRECTORY    for the results, instead of bench/results; docs/ is then not changed
#
# Without parts, all of them run. Builds the release, or uses the programs in OTPD_BUILD=DIRECTORY.
# Everything is on loopback. Needs 4 GB of memory for 5x10^6 codes. Ratios are taken within a round;
# results are medians of rounds. Each part's lines replace its older ones in DATE-growth.jsonl.
set -euo pipefail
started_in=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds=5 sizes=(1000 100000 1000000 5000000) expiring=1000000 connections=10000 filling=(1 10 60) seconds=3 into='' parts=()
readonly all_parts=(live filling expiry idle threads shared instances start)
while (($#)); do
    case $1 in
        --rounds) rounds=${2:?} && shift 2 ;;
        --sizes) read -ra sizes <<<"${2:?}" && shift 2 ;;
        --expiring) expiring=${2:?} && shift 2 ;;
        --connections) connections=${2:?} && shift 2 ;;
        --filling) read -ra filling <<<"${2:?}" && shift 2 ;;
        --seconds) seconds=${2:?} && shift 2 ;;
        --into) into=$(cd "$started_in" && realpath -m "${2:?}") && shift 2 ;;
        live | filling | expiry | idle | threads | shared | instances | start) parts+=("$1") && shift ;;
        *)
            sed -n '2,/^set -/{s/^# \?//p}' bench/growth.sh >&2
            exit 2
            ;;
    esac
done
((${#parts[@]})) || parts=("${all_parts[@]}")

say() { printf 'growth: %s\n' "$*" >&2; }
# shellcheck disable=SC2034  # http.sh's
bench_targets=(bench_filled bench_load)
source bench/http.sh
source bench/contestants.sh
source bench/growth_servers.sh

readonly first=31620000001      # of the numbers that have codes
readonly check_rate=5000 send_rate=1500 shared_rate=1000
new_numbers=31640000001 # without earlier sends
settings=("${policies[@]}" "${many_guesses[@]}")

filled_server() { # <name> <codes> <NAME=VALUE...>
    local name=$1 codes=$2
    shift 2
    start_server "$name" "$build/bench/bench_filled" "${settings[@]}" BENCH_CODES="$codes" "$@"
}

send_to_new() { # <requests/s> <seconds>
    at_rate send "$1" "$2" "$new_numbers" 0
}
pass_numbers() { new_numbers=$((new_numbers + 200000)); } # beyond what one send_to_new() uses

# --- the parts; each prints lines

# The largest first, because a code lives ten minutes from the start of its server. The smallest is
# made again in each round: its codes allow a hundred guesses each.
part_live() {
    local round size
    for ((i = ${#sizes[@]} - 1; i > 0; --i)); do
        say "filling ${sizes[i]} codes"
        filled_server "codes-${sizes[i]}" "${sizes[i]}"
        printf '{"what":"filled","codes":%d,"resident_kib":%d}\n' "${sizes[i]}" "$(resident_kib "$server")"
    done
    for ((round = 1; round <= rounds; ++round)); do
        for size in "${sizes[@]}"; do
            say "round $round of $rounds: $size live codes"
            ((size != sizes[0])) || filled_server "codes-$size" "$size"
            choose_server "codes-$size"
            live_turn "$round" "$size"
            ((size != sizes[0])) || end_server "codes-$size"
        done
    done
    for size in "${sizes[@]:1}"; do end_server "codes-$size"; done
}

live_turn() { # <round> <codes>
    at_rate check "$check_rate" 0.5 "$first" "$2" >/dev/null
    live=$(live_codes)
    printf '{"what":"live","load":"check","round":%d,"codes":%d,"live":%d,%s}\n' "$1" "$2" "$live" \
        "$(costing figures at_rate check "$check_rate" "$seconds" "$first" "$2")"
    send_to_new "$send_rate" 0.5 >/dev/null
    pass_numbers
    live=$(live_codes)
    printf '{"what":"live","load":"send","round":%d,"codes":%d,"live":%d,%s}\n' "$1" "$2" "$live" \
        "$(costing figures send_to_new "$send_rate" "$seconds")"
    pass_numbers
}

part_filling() {
    local before after sent
    # Bounds what is stored of sends for the routes' scores; no live code is affected.
    filled_server half 100000 OTPD_ROUTES_SCORE_SAMPLES_MAX=1000
    send_to_new "$send_rate" 3 >/dev/null # warms up what the first sends need
    pass_numbers
    before=$(live_codes) resident=$(resident_kib "$server")
    sent=$(at_most $((20 * seconds)) send 40)
    after=$(live_codes)
    printf '{"what":"sent","codes":%d,"resident_kib":%d,"live_before":%d,"resident_kib_before":%d,"wrk":%s}\n' "$after" \
        "$(resident_kib "$server")" "$before" "$resident" "$sent"
    end_server half
}

until_second() { # <seconds, with a fraction> after $began
    local left
    left=$(awk -v began="$began" -v now="$EPOCHREALTIME" -v at="$1" 'BEGIN { print began + at - now }')
    [[ $left == -* ]] || sleep "$left"
}

# The checks use codes of their own that expire later, so that the same requests get the same
# answers before and while all others expire. Those expire in the 30th second.
part_expiry() {
    local round windows=(before during) asked=$new_numbers window
    for ((round = 1; round <= rounds; ++round)); do
        say "round $round of $rounds: $expiring codes end"
        filled_server ending "$expiring" OTP_TTL_SECONDS=30 OTPD_OTP_RECORD_SECONDS=30 OTP_SEND_COOLDOWN_SECONDS=20 BENCH_SPREAD_MS=1000
        began=$EPOCHREALTIME
        until_second 8
        at_rate send 2000 5 "$asked" 0 >/dev/null
        for window in "${windows[@]}"; do
            [[ $window == during ]] || until_second 22
            [[ $window == before ]] || until_second 29
            printf '{"what":"expiry","round":%d,"codes":%d,"window":"%s","live":%d,%s' "$round" "$expiring" "$window" "$(live_codes)" \
                "$(costing figures at_rate check "$check_rate" 3 "$asked" 10000)"
            printf ',"live_after":%d}\n' "$(live_codes)"
        done
        until (($(live_codes) <= 10000)); do sleep 0.05; done
        printf '{"what":"swept","round":%d,"codes":%d,"seconds":%s}\n' "$round" "$expiring" \
            "$(awk -v began="$began" -v now="$EPOCHREALTIME" 'BEGIN { printf "%.2f", now - began - 29 }')"
        end_server ending
    done
    pass_numbers
}

part_idle() {
    local round
    ulimit -n "$(ulimit -Hn)"
    for ((round = 1; round <= rounds; ++round)); do
        say "round $round of $rounds: $connections idle connections"
        start_server idle "$build/otpd" "${settings[@]}" OTPD_SERVER_CONNECTIONS_MAX=$((connections + 100)) \
            OTPD_SERVER_CONNECTIONS_PER_ADDRESS_MAX=$((connections + 100)) OTPD_SERVER_IDLE_TIMEOUT_MS=300000
        python3 bench/idle_connections.py "$target" "$server" "$connections" "$round"
        end_server idle
    done
}

part_threads() {
    local round threads load
    for ((round = 1; round <= rounds; ++round)); do
        for threads in 1 2; do
            say "round $round of $rounds: $threads threads"
            filled_server threads 100000 OTPD_SERVER_THREADS="$threads"
            for load in check send; do
                at_most 1 "$load" "$([[ $load == check ]] && echo 100000 || echo 30)" >/dev/null
                printf '{"what":"threads","load":"%s","round":%d,"threads":%d,%s}\n' "$load" "$round" "$threads" \
                    "$(costing figures at_most "$seconds" "$load" "$([[ $load == check ]] && echo 100000 || echo 31)")"
            done
            end_server threads
        done
    done
}

# The server's clock decides there, so the codes are made by real sends.
part_shared() {
    local store each
    for store in redis postgres; do
        for each in "${filling[@]}"; do
            say "$store, filled by $each s of sends"
            start_store "$store"
            process[store]=$store_server
            start_server shared "$build/otpd" "${settings[@]}" OTPD_STORE_URL="$store_url"
            shared_turns "$store" "$each"
            end_server shared
            end_store
        done
    done
}

end_store() {
    end_server store
    rm -f "$work/redis"
    store_server=''
}

shared_turns() { # <store> <seconds of sends>
    local bytes sent codes round
    bytes=$(store_bytes)
    sent=$(at_most "$2" send 10)
    [[ $sent =~ \"requests\":([0-9]+) ]]
    codes=${BASH_REMATCH[1]}
    printf '{"what":"stored","store":"%s","codes":%d,"store_bytes":%d}\n' "$1" "$codes" $(($(store_bytes) - bytes))
    for ((round = 1; round <= rounds; ++round)); do
        at_rate check "$shared_rate" 0.5 "$first" "$codes" >/dev/null
        printf '{"what":"shared","store":"%s","load":"check","round":%d,"codes":%d,%s}\n' "$1" "$round" "$codes" \
            "$(costing figures at_rate check "$shared_rate" "$seconds" "$first" "$codes")"
        printf '{"what":"shared","store":"%s","load":"send","round":%d,"codes":%d,%s}\n' "$1" "$round" "$codes" \
            "$(costing figures send_to_new "$shared_rate" "$seconds")"
        pass_numbers
    done
}

# One wrk per instance, with 64 connections in total; the first instance sent the codes.
part_instances() {
    local round store count
    for ((round = 1; round <= rounds; ++round)); do
        for store in redis postgres; do
            for count in 1 2 3; do
                say "round $round of $rounds: $count instances on $store"
                start_store "$store"
                process[store]=$store_server
                instances_turn "$round" "$store" "$count"
                end_store
            done
        done
    done
}

instances_turn() { # <round> <store> <instances>
    local i sent codes jobs=() before=() after=() store_before bytes requests=0 each
    for ((i = 1; i <= $3; ++i)); do
        start_server "instance-$i" "$build/otpd" "${settings[@]}" OTPD_STORE_URL="$store_url"
    done
    choose_server instance-1
    bytes=$(store_bytes)
    sent=$(costing figures at_most 3 send 10)
    [[ $sent =~ \"requests\":([0-9]+) ]]
    codes=${BASH_REMATCH[1]}
    printf '{"what":"store_sends","round":%d,"store":"%s","instances":%d,"requests":%d,"store_bytes":%d,%s}\n' "$1" "$2" "$3" "$codes" \
        $(($(store_bytes) - bytes)) "$sent"
    for ((i = 1; i <= $3; ++i)); do before+=("$(cpu_ns "${process[instance-$i]}")"); done
    store_before=$(store_cpu_ns)
    for ((i = 1; i <= $3; ++i)); do
        wrk -t1 "-c$((64 / $3))" "-d${seconds}s" -s bench/loads/check.lua "http://${address[instance-$i]}" -- "$codes" >"$work/wrk-$i" &
        jobs+=("$!")
    done
    wait "${jobs[@]}"
    for ((i = 1; i <= $3; ++i)); do
        after+=($(($(cpu_ns "${process[instance-$i]}") - before[i - 1])))
        each=$(sed -n 's/^figures .*"requests":\([0-9]*\).*/\1/p' "$work/wrk-$i")
        requests=$((requests + each))
    done
    printf '{"what":"instances","round":%d,"store":"%s","instances":%d,"seconds":%s,"requests":%d,"store_cpu_ns":%d,"cpu_ns":[%s]}\n' "$1" "$2" \
        "$3" "$seconds" "$requests" $(($(store_cpu_ns) - store_before)) "$(IFS=, && echo "${after[*]}")"
    for ((i = 1; i <= $3; ++i)); do end_server "instance-$i"; done
}

part_start() {
    local path
    for path in /livez /readyz; do
        env -i -C "$work" BRIDGEXAPI_BASE_URL="https://$stub" BRIDGEXAPI_API_KEY="$key" OTPD_BRIDGEXAPI_CA_FILE="$work/ca.pem" \
            OTPD_ADMIN_LISTEN= python3 "$PWD/bench/first_answer.py" "$(realpath "$build")/otpd" "$path" $((4 * rounds))
    done
}

# --- the run

results=${into:-bench/results}/$(date +%F)-growth.jsonl
mkdir -p "$(dirname "$results")"
start_stub
for part in "${parts[@]}"; do
    lines=$work/$part.jsonl
    machine_line "\"part\":\"$part\",\"rounds\":$rounds,\"seconds\":$seconds" >"$lines"
    "part_$part" >>"$lines"
    python3 bench/growth_report.py keep "$results" "$part" "$lines"
done
python3 bench/growth_report.py text "$results"
if [[ -z $into ]]; then
    python3 bench/growth_report.py document "$results" docs/performance.md docs/images
    python3 bench/capacity.py "$results" docs/capacity.md
fi
