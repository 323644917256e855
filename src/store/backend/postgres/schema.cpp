#include "backend/postgres/schema.hpp"

#include "otpd/store/postgres_store.hpp"

namespace otpd::store {

namespace postgres {

/// A row is written again and again: with room on its page and no column in a second index, a new
/// version of it stays there (HOT). States are not worth compressing.
std::vector<std::string> schema_statements(std::string const& schema) {
    return {
        "create schema if not exists " + schema,
        "create table if not exists " + schema +
            ".subject(key bytea primary key, version bigint not null, state bytea not null, "
            "expires timestamptz not null) with (fillfactor = 60, "
            "autovacuum_vacuum_scale_factor = 0.05)",
        "alter table " + schema + ".subject alter column state set storage external",
        "create table if not exists " + schema + ".schema_version(version integer primary key)",
        "insert into " + schema + ".schema_version values (" + std::to_string(schema_version) +
            ") on conflict do nothing",
    };
}

} // namespace postgres

std::string postgres_schema(std::string const& schema, std::string_view role) {
    auto all = postgres::schema_statements(schema);
    if (!role.empty()) {
        std::string quoted = "\"";
        for (char const c : role)
            quoted.append(c == '"' ? 2 : 1, c);
        quoted += '"';
        all.push_back("grant usage on schema " + schema + " to " + quoted);
        all.push_back("grant select on " + schema + ".schema_version to " + quoted);
        all.push_back("grant select, insert, update, delete on " + schema + ".subject to " +
                      quoted);
    }
    std::string text = "begin;\n";
    for (auto const& each : all)
        text += each + ";\n";
    return text + "commit;\n";
}

} // namespace otpd::store
