#pragma once

/// All SQL: the tables and the statements on them. They handle keys and bytes, without rules.

#include <string>
#include <vector>

namespace otpd::store::postgres {

/// Other versions are refused.
inline constexpr int schema_version = 1;

/// The statements that create missing tables.
[[nodiscard]] std::vector<std::string> schema_statements(std::string const& schema);

/// The settings of each session. The timeout is in milliseconds.
[[nodiscard]] std::string settings_statement(long long statement_timeout);

struct prepared_statement {
    char const* name;
    std::string sql;
};

/// All instances lock keys in the same order, so two batches never deadlock. Existing rows are
/// locked in that order. Missing rows are inserted in that order by the last statement of a
/// transaction, when it waits for no other lock.
[[nodiscard]] std::vector<prepared_statement> prepared_statements(std::string const& schema);

} // namespace otpd::store::postgres
