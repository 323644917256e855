# Sourced by the benches that drive whole programs: a scratch directory, the stub and its certificate, and programs that are ended
# when the bench ends. Needs wrk, and what script/cluster needs.
# shellcheck shell=bash disable=SC2034  # address is the sourcing script's to read
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

key=$(openssl rand -hex 16)
start_stub() { # sets $stub, its address
    script/certificate "$work" localhost 127.0.0.1
    build/release/bridgexapi-stub --listen 127.0.0.1:0 --api-key "$key" --tls-cert "$work/server.pem" --tls-key "$work/server.key" \
        >"$work/stub.log" &
    pids+=($!)
    stub=$(listening "$work/stub.log" stub)
}

declare -A address process
start_otpd() { # <name> <program> <NAME=VALUE...>: sets address[name] and process[name]
    local name=$1 program
    program=$(realpath "$2")
    shift 2
    # In a directory of its own: another version may not know this one's config.toml.
    env -i -C "$work" BRIDGEXAPI_BASE_URL="https://$stub" BRIDGEXAPI_API_KEY="$key" OTPD_BRIDGEXAPI_CA_FILE="$work/ca.pem" \
        OTP_HMAC_SECRET="$(openssl rand -hex 32)" OTPD_SERVER_LISTEN=127.0.0.1:0 OTPD_ADMIN_LISTEN= "$@" \
        "$program" >"$work/otpd-$name.log" &
    pids+=($!)
    process[$name]=$!
    address[$name]=$(listening "$work/otpd-$name.log" api)
}

# A load of sends, each to another number: Dutch mobile ones from 31610000000 + FIRST (10) x 10^6 on. FIRST is under 50.
cat >"$work/send.lua" <<'LUA'
local n = 0
function setup(thread) thread:set("n", n); n = n + 1 end
function init(args) number = 31610000000 + 1000000 * ((tonumber(args[1]) or 10) + n) end
function request()
    number = number + 1
    return wrk.format("POST", "/send-otp", {["Content-Type"] = "application/json"},
                      string.format('{"phone_number":"%.0f"}', number))
end
LUA
