#include "settings_rows.hpp"

namespace otpd::app {

namespace {

using values::place;

std::string digest_credentials(settings const& from) {
    return values::digest_of(from.store.url.user) +
           values::digest_of(from.store.url.password.reveal());
}

template <auto Member>
using store = place<&settings::store, Member>;

using sts = store_settings;

constexpr std::string_view ms = unit_ms;

constexpr setting_key keys[] = {
    row("store", "url", "memory:",
        "Where codes and limits live: in this process, in a file, in PostgreSQL, or in Valkey or "
        "Redis.")
        .parsed<store<&sts::url>, otpd::store::parse_location>(
            value_kind::text, values::show_parsed<store<&sts::url>>,
            "memory:, sqlite:PATH, postgres://[USER:PASSWORD@]HOST[:PORT],.../DB, "
            "redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://..., "
            "unix:SOCKET[?db=DB] or redis+sentinel://HOST[:PORT],.../MASTER[/DB]")
        .partly_hidden(digest_credentials),
    row("store", "password", "", "Password of the store's server, where store.url has none.")
        .secret_text<store<&sts::password>, rules::is_header_value>(
            "empty or visible ASCII characters, at most 1024"),
    row("store", "accept_clear_text", "false",
        "Lets the store be a server on another machine that is not proven by TLS: whoever reads "
        "along has its password.")
        .boolean<store<&sts::accept_clear_text>>(),
    row("store", "ca_file", "",
        "PEM file of authorities trusted for the store's server; empty is the system's.")
        .text<store<&sts::ca_file>, rules::is_path_or_empty>("empty or the path of a PEM file"),
    row("store", "certificate_file", "",
        "PEM file of the certificate that is shown to the store's server; empty: none.")
        .text<store<&sts::certificate_file>, rules::is_path_or_empty>(
            "empty or the path of a PEM file"),
    row("store", "key_file", "", "PEM file of that certificate's key.")
        .text<store<&sts::key_file>, rules::is_path_or_empty>("empty or the path of a PEM file"),
    row("store", "timeout_ms", "0",
        "Longest wait for one step of the store; an answer that comes later is lost. 0: 250 with "
        "Valkey or Redis, 1000 with PostgreSQL, 2000 with sqlite:.")
        .whole<store<&sts::timeout>>(0, 10'000, ms),
    row("store", "connections", "0",
        "Connections to the store's server; 0 is one for PostgreSQL, and one for each of "
        "server.threads for Valkey or Redis.")
        .whole<store<&sts::connections>>(0, 64),
    row("store", "replicas_wait_for", "0",
        "Replicas of Valkey or Redis that must have a send or a used code before it counts; 0 "
        "waits for none.")
        .whole<store<&sts::replicas>>(0, 5),
    row("store", "schema", "otpd", "Schema of the tables in PostgreSQL.")
        .text<store<&sts::schema>, otpd::store::is_postgres_schema>(
            "a name of small letters, digits and _, at most 63"),
    row("store", "capacity", "4000000",
        "Numbers, limit keys, budgets and idempotency keys that memory:, sqlite: and PostgreSQL "
        "keep at once; then sends are refused.")
        .whole<store<&sts::capacity>>(1, 100'000'000, "items"),
    row("store", "memory_max", "0",
        "Bytes that Valkey or Redis may use before sends are refused; 0 is nine tenths of its "
        "maxmemory.")
        .whole<store<&sts::memory_max>>(0, 1'000'000'000'000, "bytes"),
    row("store", "sweep_interval_ms", "100",
        "Between two looks of memory: and sqlite: for what has expired.")
        .whole<store<&sts::sweep_interval>>(10, 10'000, ms),
    row("store", "sweep_batch", "64", "Numbers whose expired items are removed in one go.")
        .whole<store<&sts::sweep_batch>>(1, 100'000, "numbers"),
};

} // namespace

std::span<setting_key const> store_keys() noexcept {
    return keys;
}

} // namespace otpd::app
