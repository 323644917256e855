# Sourced by the benches that run whole programs: a scratch directory, the programs, the stub and
# its certificate. What is started here ends with the bench, even if that is killed. Needs wrk, and
# what script/cluster needs.
#
# OTPD_BUILD=DIRECTORY uses the programs of that build directory unchanged; otherwise the release is
# built, with otpd, the stub and the targets in `bench_targets`.
# shellcheck shell=bash disable=SC2034,SC2154  # build and address are the sourcing script's to read, bench_targets its to set
command -v wrk >/dev/null || script/setup wrk
build=${OTPD_BUILD:-}
if [[ -z $build ]]; then
    build=build/release
    script/build otpd bridgexapi-stub ${bench_targets[@]+"${bench_targets[@]}"} >/dev/null
fi
work=$(mktemp -d)
pids=() elsewhere=() # further directories to remove
clean_up() {
    kill -TERM -- "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work" "${elsewhere[@]}"
}
trap clean_up EXIT

launch() { # <log> <program> [argument...]: sets $launched, its process
    local log=$1
    shift
    setpriv --pdeathsig TERM "$@" </dev/null >"$log" 2>&1 &
    launched=$!
    pids+=("$launched")
}

listening() { # <log> <listener>: the address that a program says it listens on
    local tries
    for ((tries = 0; tries < 200; ++tries)); do
        [[ ! -e $1 ]] || ! sed -n "s/.*\"event\":\"listening\",\"listener\":\"$2\",\"address\":\"\([^\"]*\)\".*/\1/p" "$1" | grep . || return 0
        sleep 0.05
    done
    cat "$1" >&2
    return 1
}

key=$(openssl rand -hex 16)
start_stub() { # sets $stub, its address
    [[ -e $work/server.pem ]] || script/certificate "$work" localhost 127.0.0.1
    launch "$work/stub.log" "$build/bridgexapi-stub" --listen 127.0.0.1:0 --api-key "$key" \
        --tls-cert "$work/server.pem" --tls-key "$work/server.key" --no-record
    stub=$(listening "$work/stub.log" stub)
}

most_a_day() { # <program> <amount>: prints the setting of the daily cap, if that version has one
    ! env -i -C "$work" BRIDGEXAPI_API_KEY="$key" OTPD_MONEY_DAILY_CAP="$2" "$(realpath "$1")" --check-config >/dev/null 2>&1 ||
        echo "OTPD_MONEY_DAILY_CAP=$2"
}

declare -A address process
start_otpd() { # <name> <program> <NAME=VALUE...>: sets address[name] and process[name]
    local name=$1 program
    program=$(realpath "$2")
    shift 2
    # In its own directory: another version may refuse this one's config.toml.
    launch "$work/otpd-$name.log" env -i -C "$work" BRIDGEXAPI_BASE_URL="https://$stub" BRIDGEXAPI_API_KEY="$key" \
        OTPD_BRIDGEXAPI_CA_FILE="$work/ca.pem" OTP_HMAC_SECRET="$(openssl rand -hex 32)" \
        OTPD_SERVER_LISTEN=127.0.0.1:0 OTPD_ADMIN_LISTEN= "$@" "$program"
    process[$name]=$launched
    address[$name]=$(listening "$work/otpd-$name.log" api)
}

# The CPU time of the processes in nanoseconds, from the scheduler.
cpu_ns() { # <process...>
    local ran=0 process each
    for process in "$@"; do
        for each in "/proc/$process/task/"*/schedstat; do
            [[ -e $each ]] || continue
            read -r each _ <"$each"
            ran=$((ran + each))
        done
    done
    echo "$ran"
}

with_children() { # <process>: PostgreSQL has one for each connection
    [[ -z $1 ]] || echo "$1 $(<"/proc/$1/task/$1/children")"
}
