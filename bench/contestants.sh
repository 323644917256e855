# Sourced by script/bench, after http.sh: the contestants, and how each is started.
# shellcheck shell=bash disable=SC2034,SC2154  # http.sh sets work, build, key, stub, address, process; script/bench reads server, metrics, target
#
# A contestant of otpd is [base-]KIND-STORE-THREADS; `base` is the program in BASE, another version
# of otpd. The kinds are
#   check         wrong codes, each compared and counted: 100 guesses per number, and many numbers
#   check-spent   the same guesses with the default of 5 per code, so that most are refused
#                 without a comparison
#   check-off     like check, without limits, numbering plans and the conversion guard
#   check-quiet   like check, with a log of warnings only; the others log two lines per check
#   send          a send to another number each time, over TLS to the stub, with every limit, the
#                 conversion guard and the numbering plans, and quotas that are never reached
#   send-off, send-quiet   the same without them; with a log of warnings only
#   mixed         whole cycles: a send, then the check of its code
# The references are
#   nginx-fixed   answers the same checks with JSON from its configuration; nginx-fixed-log also
#                 logs a line for each
#   beast         bench_beast answers them with the same JSON
#   nginx-proxy   receives the same sends and sends for each the same to the stub as otpd, over
#                 persistent TLS connections that it verifies like otpd; nginx-proxy-log also logs a
#                 line for each
#   nginx-relay   the same with another nginx as its upstream, which answers with fixed JSON over
#                 TLS
readonly kinds='check|check-spent|check-off|check-quiet|send|send-off|send-quiet|mixed'
readonly stores='memory|sqlite|redis|redis-everysec|redis-always|postgres'
readonly others='nginx-fixed|nginx-fixed-log|nginx-proxy|nginx-proxy-log|nginx-relay|beast'

# As long as the answers of otpd and of the stub that these replace.
readonly check_reply='{"type":"about:blank","title":"Bad Request","status":400,"detail":"Invalid OTP. Attempts left: 74","code":"invalid_code","instance":"56f9941730a07f815bc07295547a3880","attempts_left":74}'
readonly send_reply='{"status":"success","message":"SMS batch accepted via route 3","order_id":22001,"route_id":3,"count":1,"messages":[{"bx_message_id":"BX-22001-d5efc36fd1d19d27","msisdn":"31612345678","status":"QUEUED"}],"cost":0.091,"balance_after":999999.818}'
readonly send_body='{"route_id":3,"caller_id":"BRIDGEXAPI","numbers":["31612345678"],"message":"Your verification code is 123456."}'

full_name() { # <name>: completed with store and threads; fails if there is no such contestant
    local base kind store threads
    if [[ $1 =~ ^($others)$ ]]; then
        echo "$1"
        return
    fi
    [[ $1 =~ ^(base-)?($kinds)(-($stores))?(-([1-9]))?$ ]] || return 1
    base=${BASH_REMATCH[1]} kind=${BASH_REMATCH[2]} store=${BASH_REMATCH[4]:-memory} threads=${BASH_REMATCH[6]:-1}
    echo "$base$kind-$store-$threads"
}

load_of() { # <contestant>: the name of its script in bench/loads
    case $1 in
        *check* | nginx-fixed* | *beast) echo check ;;
        *mixed*) echo mixed ;;
        *) echo send ;;
    esac
}

# For programs that cannot use port 0 or do not report their port: a port below the range of
# outgoing connections.
is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() {
    local port
    until port=$((10000 + RANDOM % 20000)) && is_free "$port"; do :; done
    echo "$port"
}

# --- otpd

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

start_redis() { # <option...>: listens on the file $work/redis
    "$(store_program)" --version >"$work/store-version"
    launch "$work/redis.log" "$(store_program)" --port 0 --unixsocket "$work/redis" --dir "$work" --save '' "$@"
    until [[ -S $work/redis ]]; do
        kill -0 "$launched" || return 1
        sleep 0.02
    done
}

# The newest installed version: Debian has a directory for each.
postgres_programs() { printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1; }

# It does not run as root, and its user cannot read $work.
start_postgres() { # sets $postgres_port of 127.0.0.1, and $postgres, the directory of its socket
    local programs run=(setpriv --pdeathsig INT)
    programs=$(postgres_programs)
    [[ -x $programs/initdb ]] || { echo "no PostgreSQL here: script/setup installs one" >&2 && return 1; }
    postgres=$(mktemp -d)
    elsewhere+=("$postgres")
    if ((EUID == 0)); then
        chown postgres: "$postgres"
        run+=(--reuid postgres --regid postgres --clear-groups)
    fi
    postgres_port=$(free_port)
    "${run[@]}" "$programs/initdb" -D "$postgres/data" -U otpd -A trust -E UTF8 --no-locale --no-sync >"$work/initdb.log"
    launch "$work/postgres.log" "${run[@]}" "$programs/postgres" -D "$postgres/data" -k "$postgres" -p "$postgres_port" \
        -c listen_addresses=127.0.0.1 -c shared_buffers=128MB -c max_wal_size=2GB
    until "$programs/pg_isready" --quiet --host "$postgres" --port "$postgres_port"; do
        kill -0 "$launched" || { cat "$work/postgres.log" >&2 && return 1; }
        sleep 0.05
    done
}

start_store() { # <store>: sets $store_url, and $store_server, its process, if it has one
    store_server=''
    case $1 in
        memory) store_url=memory: ;;
        sqlite) store_url=sqlite:$work/bench.db ;;
        redis) start_redis --appendonly no ;;
        redis-*) start_redis --appendonly yes --appendfsync "${1#redis-}" ;;
        postgres) start_postgres ;;
    esac
    case $1 in
        redis*) store_url=unix:$work/redis store_server=$launched ;;
        postgres) store_url="postgres://otpd@/postgres?host=$postgres&port=$postgres_port" store_server=$launched ;;
    esac
}

# shellcheck disable=SC2046  # processes
store_cpu_ns() { cpu_ns $(with_children "$store_server"); }

store_bytes() { # what the server needs for what is stored
    case $store_url in
        unix:*) "$(store_client)" -s "$work/redis" info memory | tr -d '\r' | sed -n 's/^used_memory:\(.*\)/\1/p' ;;
        postgres:*)
            "$(postgres_programs)/psql" --host "$postgres" --port "$postgres_port" --username otpd --dbname postgres -Atc \
                "select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r' and relnamespace = 'otpd'::regnamespace"
            ;;
    esac
}
store_client() { command -v valkey-cli || command -v redis-cli; }

readonly policies=(
    OTPD_LIMITS_CLIENT_1M=1000000000 OTPD_LIMITS_PREFIX_1H=1000000000 OTPD_LIMITS_COUNTRY_1H=1000000000
    OTPD_LIMITS_GLOBAL_1M=1000000000 OTPD_LIMITS_GLOBAL_24H=1000000000 OTPD_LIMITS_GUESSES_CLIENT_1M=1000000000
    OTPD_PUMPING_PREFIX_OUT_MAX=1000000000 OTPD_PUMPING_COUNTRY_OUT_MAX=1000000000
)
# Without following messages, which would still poll the sends that made the codes.
readonly many_guesses=(OTP_MAX_ATTEMPTS=100 OTPD_OTP_GUESSES_PER_DAY=100 OTPD_OTP_ACCEPTED_GUESS_RISK=0.01 OTPD_OTP_GUESS_WAIT_SECONDS=0 OTPD_DELIVERY_ENABLED=false)
readonly no_policies=(OTPD_LIMITS_ENABLED=false OTPD_NUMBERS_CHECK=false)

settings_of() { # <kind>: sets $settings
    settings=("${policies[@]}")
    case $1 in
        check | check-off | check-quiet) settings+=("${many_guesses[@]}") ;;
        check-spent) settings+=(OTPD_DELIVERY_ENABLED=false) ;;
        mixed) settings+=(DEBUG_OTP=true) ;;
    esac
    [[ $1 != *-off ]] || settings+=("${no_policies[@]}")
}

start_of_otpd() { # <contestant>
    local program=$build/otpd kind store_url settings cap
    [[ $1 =~ ^(base-)?($kinds)-($stores)-([1-9])$ ]]
    kind=${BASH_REMATCH[2]}
    [[ -z ${BASH_REMATCH[1]} ]] || program=${BASE:?a base- contestant needs BASE=PROGRAM}
    local store=${BASH_REMATCH[3]} threads=${BASH_REMATCH[4]}
    start_stub
    start_store "$store"
    settings_of "$kind"
    mapfile -t cap < <(most_a_day "$program" "$([[ $kind == *-off ]] && echo 0 || echo 999999999)")
    settings+=("${cap[@]}")
    start_otpd contestant "$program" OTPD_SERVER_THREADS="$threads" OTPD_STORE_URL="$store_url" OTP_TTL_SECONDS=600 \
        OTPD_STORE_CAPACITY=100000000 OTPD_ADMIN_LISTEN=127.0.0.1:0 "${settings[@]}"
    target=${address[contestant]} server=${process[contestant]}
    metrics=$(listening "$work/otpd-contestant.log" admin)
    # Not earlier: the log also contains the address that it listens on.
    if [[ $kind == *-quiet ]]; then
        echo OTPD_LOG_LEVEL=warn >"$work/.env"
        kill -HUP "$server"
    fi
}

# --- the others


# Uses another port if the first one was taken meanwhile.
start_nginx() { # <name> <what is within `server`> [<what is within `http`>]: sets $nginx, its address, and $launched, its master
    local name=$1 tries looks port
    for ((tries = 0; tries < 10; ++tries)); do
        port=$(free_port)
        nginx_configuration "$name" "$port" "$2" "${3:-}" >"$work/$name.conf"
        launch "$work/$name.log" nginx -p "$work" -e "$work/$name.errors" -c "$work/$name.conf"
        # If the port was taken meanwhile, nginx exits.
        for ((looks = 0; looks < 250; ++looks)); do
            kill -0 "$launched" 2>/dev/null || break
            if ! is_free "$port" && worker_of "$launched" >/dev/null; then
                nginx=127.0.0.1:$port
                return
            fi
            sleep 0.02
        done
    done
    cat "$work/$name.log" "$work/$name.errors" >&2
    return 1
}

worker_of() { # <master of nginx>: its only worker
    local workers
    workers=$(<"/proc/$1/task/$1/children")
    [[ $workers =~ ^[0-9]+ ]] && echo "${BASH_REMATCH[0]}"
}

nginx_configuration() { # <name> <port> <server> <http>
    cat <<END
daemon off;
worker_processes 1;
pid $work/$1.pid;
events { worker_connections 4096; }
http {
    access_log off;
    keepalive_requests 1000000000;
    default_type application/json;
    client_body_temp_path $work/$1-bodies;
    proxy_temp_path $work/$1-replies;
    fastcgi_temp_path $work/$1-fastcgi;
    uwsgi_temp_path $work/$1-uwsgi;
    scgi_temp_path $work/$1-scgi;
    $4
    server {
        listen 127.0.0.1:$2$([[ $1 != *-tls ]] || echo ' ssl');
        $3
    }
}
END
}

access_log_of() { # <contestant>: nginx's directive
    [[ $1 != *-log ]] || echo "access_log $work/access.log;"
}

start_fixed() { # <contestant>
    start_nginx "$1" "location / { $(access_log_of "$1") return 200 '$check_reply'; }"
    target=$nginx server=$(worker_of "$launched")
}

# The upstream of nginx-relay: answers any POST with the same JSON.
start_fixed_upstream() { # sets $nginx
    script/certificate "$work" localhost 127.0.0.1
    start_nginx upstream-tls "ssl_certificate $work/server.pem; ssl_certificate_key $work/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / { return 200 '$send_reply'; }"
}

start_proxy() { # <contestant> <upstream>
    start_nginx "$1" "location = /send-otp {
            $(access_log_of "$1")
            proxy_pass https://bridgexapi/api/v1/send_sms;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_set_header Host $2;
            proxy_set_header X-API-KEY $key;
            proxy_set_body '$send_body';
            proxy_ssl_protocols TLSv1.2 TLSv1.3;
            proxy_ssl_verify on;
            proxy_ssl_name localhost;
            proxy_ssl_server_name on;
            proxy_ssl_trusted_certificate $work/ca.pem;
        }" "upstream bridgexapi { server $2; keepalive 64; keepalive_requests 1000000000; }"
    target=$nginx server=$(worker_of "$launched")
}

start_beast() {
    launch "$work/beast.log" "$build/bench/bench_beast" "$check_reply"
    server=$launched target=$(listening "$work/beast.log" beast)
}

# <contestant>: sets $target, its address, $server, its process, and $metrics and $store_server, if
# it has any.
start_contestant() {
    metrics='' store_server=''
    case $1 in
        nginx-fixed*) start_fixed "$1" ;;
        nginx-proxy*)
            start_stub
            start_proxy "$1" "$stub"
            ;;
        nginx-relay)
            start_fixed_upstream
            start_proxy "$1" "$nginx"
            ;;
        beast) start_beast ;;
        *) start_of_otpd "$1" ;;
    esac
}
