#include "backend/postgres/greeting.hpp"

#include "backend/postgres/sql.hpp"

namespace otpd::store::postgres {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds greeting_timeout{4};
constexpr int oldest_server = 150'000;
/// If several instances create the tables at the same time, all but one wait.
constexpr auto* lock_of_schema = "select pg_advisory_xact_lock(8317440112)";

} // namespace

/// Returns false and sets why_ if the server returned an error or the connection is lost.
asio::awaitable<bool> greeting::is_answered(connection& connection, steady_time deadline) {
    auto const end = co_await connection.exchange(deadline);
    if (end != exchange_end::done) why_ = connection.why();
    co_return end == exchange_end::done;
}

asio::awaitable<bool> greeting::run(connection& connection) {
    if (connection.server_version_number() < oldest_server) {
        why_ = "PostgreSQL " + connection.server_version() + " is too old: at least 15 is needed";
        co_return false;
    }
    auto const deadline = std::chrono::steady_clock::now() + greeting_timeout;
    connection.ask(settings_statement(statement_timeout_.count()));
    bool is_good = co_await is_answered(connection, deadline);
    if (is_good) is_good = co_await find_tables(connection, deadline);
    if (!is_good) co_return false;
    for (auto const& prepared_statement : prepared_statements(schema_))
        connection.prepare(prepared_statement.name, prepared_statement.sql);
    connection.ask("select pg_postmaster_start_time()"); // the start time identifies the server
    is_good = co_await is_answered(connection, deadline);
    if (!is_good) co_return false;
    server_started_ = number_in(connection.answers().back().get());
    co_return true;
}

asio::awaitable<bool> greeting::find_tables(connection& connection, steady_time deadline) {
    std::string look = "select max(version)::bigint";
    for (auto const* const right : {"select", "insert", "update", "delete"})
        look.append(*right == 's' ? ", " : " and ")
            .append("has_table_privilege('" + schema_ + ".subject', '" + right + "')");
    look += " from " + schema_ + ".schema_version";
    connection.ask(look);
    bool is_found = co_await is_answered(connection, deadline);
    // The tables or the schema are missing.
    if (connection.code() == "42P01" || connection.code() == "3F000") {
        bool const is_made = co_await make_tables(connection, deadline);
        if (!is_made) co_return false;
        connection.ask(look);
        is_found = co_await is_answered(connection, deadline);
    }
    if (!is_found) co_return false;
    auto const* const found = connection.answers().front().get();
    auto const version = PQgetisnull(found, 0, 0) == 1 ? 0 : number_in(found);
    bool const is_known = version == schema_version;
    bool const may_write = *PQgetvalue(found, 0, 1) != 0;
    if (!is_known)
        why_ = "its tables in the schema " + schema_ + " are of version " +
               std::to_string(version) + ", which this otpd does not know";
    else if (!may_write)
        why_ = "this user may not select, insert, update and delete in " + schema_ +
               ".subject: grant it, as otpd --print-schema does";
    co_return is_known&& may_write;
}

asio::awaitable<bool> greeting::make_tables(connection& connection, steady_time deadline) {
    connection.ask(lock_of_schema);
    for (auto const& schema_statement : schema_statements(schema_))
        connection.ask(schema_statement);
    bool const is_made = co_await is_answered(connection, deadline);
    if (!is_made && connection.is_open())
        why_ = "its tables are missing, and this user may not make them (" + connection.why() +
               "): have somebody run what otpd --print-schema prints";
    co_return is_made;
}

} // namespace otpd::store::postgres
