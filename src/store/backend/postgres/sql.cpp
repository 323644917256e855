#include "backend/postgres/sql.hpp"

#include "otpd/store/postgres_store.hpp"

namespace otpd::store {

namespace postgres {

/// Rows are updated often. With free space on the page and no changing column in a second index,
/// the new version of a row stays on its page (HOT). States are not worth compressing.
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

/// An instance that stops while it holds locks loses them after 250 ms. Plans are made once, before
/// the table has grown, so plans that suit only small tables are disabled.
std::string settings_statement(long long statement_timeout) {
    auto const limit = std::to_string(statement_timeout);
    return "select set_config(name, value, false) from (values "
           "('idle_in_transaction_session_timeout', '250'), ('idle_session_timeout', '0'), "
           "('statement_timeout', '" +
           limit + "'), ('lock_timeout', '" + limit +
           "'), ('plan_cache_mode', 'force_generic_plan'), ('enable_seqscan', 'off'), "
           "('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), ('jit', 'off'), "
           "('default_transaction_isolation', 'read committed'), "
           // Commits reach the disk, whatever the server's default is.
           "('synchronous_commit', case current_setting('synchronous_commit') when 'off' then "
           "'on' else current_setting('synchronous_commit') end)) as s(name, value)";
}

std::vector<prepared_statement> prepared_statements(std::string const& schema) {
    auto const table = schema + ".subject";
    return {
        {"begin", "begin"},
        {"commit", "commit"},
        {"rollback", "rollback"},
        // The time is taken while all locks are held, so it increases from one holder to the next.
        {"lock", "with held as materialized (select w.n, s.version, s.expires, "
                 "case when s.version <> w.version then s.state end as state "
                 "from unnest($1::bytea[], $2::bigint[]) with ordinality as w(key, version, n) "
                 "join " +
                     table +
                     " s on s.key = w.key order by w.n for update of s) "
                     "select n, version, expires, state from held union all "
                     "select 0, pg_current_xact_id()::text::bigint, clock_timestamp(), null"},
        {"update", "update " + table +
                       " s set version = w.version, state = w.state, expires = w.expires "
                       "from unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::timestamptz[]) "
                       "as w(key, version, state, expires) where s.key = w.key"},
        // The transaction fails if another instance has inserted the row meanwhile.
        {"insert", "insert into " + table +
                       " select key, version, state, expires from unnest($1::bytea[], "
                       "$2::bigint[], $3::bytea[], $4::timestamptz[]) as w(key, version, state, "
                       "expires)"},
        {"delete", "delete from " + table + " where key = any($1::bytea[])"},
        {"written", "select count(*) from unnest($1::bytea[], $2::bigint[]) as w(key, version) "
                    "join " +
                        table + " s on s.key = w.key and s.version = w.version"},
        {"pages",
         "select pg_relation_size('" + table + "') / current_setting('block_size')::bigint"},
        // Sweeps by pages: an index on the expiry would have to be updated with every row.
        {"sweep", "delete from " + table + " where ctid = any(array(select ctid from " + table +
                      " where ctid >= format('(%s,0)', $1::bigint)::tid and "
                      "ctid < format('(%s,0)', $2::bigint)::tid and "
                      "expires <= clock_timestamp() for update skip locked))"},
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
    for (auto const& entry : all)
        text += entry + ";\n";
    return text + "commit;\n";
}

} // namespace otpd::store
