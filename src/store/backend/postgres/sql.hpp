#pragma once

/// The SQL that there is: the tables, and what is done to them. Keys and bytes, no rules.

#include <string>
#include <vector>

namespace otpd::store::postgres {

/// Others are refused.
inline constexpr int schema_version = 1;

/// What makes the tables where they are not there yet.
[[nodiscard]] std::vector<std::string> schema_statements(std::string const& schema);

/// What each connection does with its session. Milliseconds.
[[nodiscard]] std::string settings_statement(long long statement_timeout);

struct prepared_statement {
    char const* name;
    std::string sql;
};

/// Each key is in one place of the order in which all instances lock, so two batches never wait for
/// each other: what is there is locked in that order, and what is not there is made in that order
/// by the last statement of a transaction, when it waits for no other lock.
[[nodiscard]] std::vector<prepared_statement> prepared_statements(std::string const& schema);

} // namespace otpd::store::postgres
