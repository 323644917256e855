# Images: `otpd`, which is the default; `balancer` (HAProxy) and `store` (Valkey) with the configuration in deploy/; and for trials
# `postgres`, `prometheus` and `stub`, the fake upstream. docker-compose.yml runs them together.
#
#   docker build -t otpd .                     docker build -t bridgexapi-stub --target stub .
#   docker run --read-only -p 8000:8000 --env-file secrets.env otpd
#
# secrets.env: BRIDGEXAPI_API_KEY, OTP_HMAC_SECRET and API_AUTH_TOKEN, and OTPD_MONEY_DAILY_CAP (what may be spent in a day, in
# the account's currency), one NAME=value a line; with a server as store also OTPD_STORE_URL and OTPD_STORE_PASSWORD. A secret of
# Docker or Kubernetes is named instead: OTP_HMAC_SECRET_FILE=/run/secrets/hmac.
ARG DEBIAN=debian:13-slim

FROM ${DEBIAN} AS build
WORKDIR /otpd
# The installed packages change seldom, so they have a layer of their own.
COPY script/setup script/setup
RUN script/setup --build npm
COPY . .
RUN script/build otpd otpctl bridgexapi-stub && strip build/release/otpd build/release/otpctl build/release/bridgexapi-stub

FROM ${DEBIAN} AS store
RUN apt-get update \
    && apt-get install --yes --no-install-recommends valkey-server valkey-tools \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10002 --home-dir /nonexistent --shell /usr/sbin/nologin otpd-store \
    && install -d -o otpd-store -g otpd-store -m 0700 /data
COPY deploy/valkey.conf /etc/otpd/valkey.conf
COPY script/store-acl /usr/local/bin/
USER otpd-store
WORKDIR /data
EXPOSE 6379
# Each start makes the users' file from VALKEY_OTPD_PASSWORD and VALKEY_OPERATOR_PASSWORD, in memory (/tmp is a tmpfs).
ENTRYPOINT ["bash", "-c", "umask 077 && store-acl >/tmp/users.acl && exec valkey-server /etc/otpd/valkey.conf --bind 0.0.0.0 --port 6379 --dir /data --aclfile /tmp/users.acl"]

FROM ${DEBIAN} AS postgres
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql \
    && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/* \
    && useradd --system --uid 10004 --home-dir /nonexistent --shell /usr/sbin/nologin otpd-postgres \
    && install -d -o otpd-postgres -g otpd-postgres -m 0700 /data
COPY script/store-postgres /usr/local/bin/
USER otpd-postgres
WORKDIR /data
EXPOSE 5432
# Not SIGTERM, which waits for clients to leave.
STOPSIGNAL SIGINT
ENTRYPOINT ["store-postgres", "/data", "-h", "0.0.0.0"]

FROM ${DEBIAN} AS prometheus
RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl prometheus \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10005 --home-dir /nonexistent --shell /usr/sbin/nologin otpd-prometheus
COPY deploy/prometheus/prometheus.yml deploy/prometheus/rules.yml /etc/otpd/
USER otpd-prometheus
EXPOSE 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:9090/-/ready"]
ENTRYPOINT ["prometheus", "--config.file=/etc/otpd/prometheus.yml", "--storage.tsdb.path=/data"]

FROM ${DEBIAN} AS balancer
RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl haproxy \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10003 --home-dir /nonexistent --shell /usr/sbin/nologin otpd-balancer
COPY deploy/haproxy.cfg /etc/otpd/haproxy.cfg
USER otpd-balancer
ENV OTPD_LISTEN=0.0.0.0:8080 OTPD_STATS=127.0.0.1:8405
EXPOSE 8080
# Not SIGTERM, which cuts connections off: SIGUSR1 lets requests finish.
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8405/metrics"]
ENTRYPOINT ["haproxy", "-db", "-f", "/etc/otpd/haproxy.cfg"]

FROM ${DEBIAN} AS runtime
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates curl libjemalloc2 libphonenumber8 libpq5 libprometheus-cpp-core1.0 libprotobuf32t64 libsqlite3-0 libssl3t64 libtomlplusplus3t64 openssl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin otpd \
    && install -d -o otpd -g otpd -m 0700 /certificates /var/lib/otpd
USER otpd
WORKDIR /var/lib/otpd

FROM runtime AS stub
COPY --from=build /otpd/build/release/bridgexapi-stub /usr/local/bin/
COPY script/certificate /usr/local/bin/
ENTRYPOINT ["bridgexapi-stub"]

FROM runtime AS otpd
COPY --from=build /otpd/build/release/otpd /otpd/build/release/otpctl /usr/local/bin/
COPY config.toml /etc/otpd/config.toml
COPY LICENSE NOTICE CHANGELOG.md /usr/share/doc/otpd/
# For docker exec CONTAINER otpctl stats. otpd can write into /dev/shm with --read-only, too.
ENV OTPD_SERVER_LISTEN=0.0.0.0:8000 OTPD_ADMIN_SOCKET=/dev/shm/otpd.sock
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8000/livez"]
ENTRYPOINT ["otpd", "--config", "/etc/otpd/config.toml"]
