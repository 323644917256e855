# Sourced by growth.sh and soak.sh, after http.sh and contestants.sh: starts programs and their
# dependencies, and reads their measurements.
# shellcheck shell=bash disable=SC2004,SC2034,SC2154  # http.sh sets work, build, key, stub, launched; the sourcing script reads admin, target, server

hmac_secret=$(openssl rand -hex 32) # one for all: instances share codes
readonly hmac_secret

# Like start_otpd of http.sh, but with more time, for a program that fills its store first.
start_server() { # <name> <program> <NAME=VALUE...>: sets target, server and admin, and their arrays by name
    local name=$1 program
    program=$(realpath "$2")
    shift 2
    launch "$work/$name.log" env -i -C "$work" BRIDGEXAPI_BASE_URL="https://$stub" BRIDGEXAPI_API_KEY="$key" \
        OTPD_BRIDGEXAPI_CA_FILE="$work/ca.pem" OTP_HMAC_SECRET="$hmac_secret" OTPD_SERVER_LISTEN=127.0.0.1:0 \
        OTPD_ADMIN_LISTEN=127.0.0.1:0 OTPD_SERVER_THREADS=1 OTPD_STORE_CAPACITY=100000000 OTP_TTL_SECONDS=600 \
        OTPD_MONEY_DAILY_CAP=999999999 \
        "$@" "$program"
    server=$launched
    until target=$(listening "$work/$name.log" api 2>/dev/null); do
        kill -0 "$server" 2>/dev/null || { cat "$work/$name.log" >&2 && return 1; }
    done
    admin=$(listening "$work/$name.log" admin)
    process[$name]=$server address[$name]=$target metrics_at[$name]=$admin
}
declare -A metrics_at

choose_server() { # <name>: one that was started earlier
    server=${process[$1]} target=${address[$1]} admin=${metrics_at[$1]}
}

end_server() { # <name>
    local left=() each
    kill -TERM "${process[$1]}" 2>/dev/null || true
    wait "${process[$1]}" 2>/dev/null || true
    for each in "${pids[@]}"; do [[ $each == "${process[$1]}" ]] || left+=("$each"); done
    pids=("${left[@]}")
    rm -f "$work/$1.log"
}

resident_kib() { sed -n 's/^VmRSS:\s*\([0-9]*\).*/\1/p' "/proc/$1/status"; } # <process>

live_codes() { curl --silent --fail "http://$admin/metrics" | awk '$1 == "otpd_live_codes" { printf "%d", $2 }'; }

at_rate() { # <check|send> <requests/s> <seconds> <first number> <count; 0: each the next>: prints bench_load's figures
    local body='{"phone_number":"{number}"}' path=/send-otp
    [[ $1 == send ]] || body='{"phone_number":"{number}","code":"000000"}' path=/verify-otp
    "$build/bench/bench_load" --server "$target" --path "$path" --body "$body" --rate "$2" --seconds "$3" --warm-up 0 \
        --first "$4" --count "$5"
}

at_most() { # <seconds> <name of a load> <its argument>: prints wrk's figures
    wrk -t1 -c64 "-d${1}s" --timeout 10s -s "bench/loads/$2.lua" "http://$target" -- "$3" | sed -n 's/^figures //p'
}

# Adds the CPU and memory of the server, and of its store's server, to the results.
store_server=''
costing() { # <field of the figures with the load's> <command...>
    local name=$1 before after store_before store_after figures
    shift
    before=$(cpu_ns "$server") store_before=$(store_cpu_ns)
    figures=$("$@")
    after=$(cpu_ns "$server") store_after=$(store_cpu_ns)
    [[ -z $store_server ]] || printf '"store_cpu_ns":%d,' $((store_after - store_before))
    printf '"cpu_ns":%d,"resident_kib":%d,"%s":%s' $((after - before)) "$(resident_kib "$server")" "$name" "$figures"
}

machine_line() { # <what the run was asked for, as JSON members>
    local commit
    commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
    [[ -z $(git status --porcelain -- src include 2>/dev/null) ]] || commit+=' and changes'
    printf '{"what":"machine","date":"%s","commit":"%s","processors":%d,"model":"%s","kernel":"%s",%s}\n' "$(date -u +%FT%TZ)" \
        "$commit" "$(nproc)" "$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r)" "$1"
}
