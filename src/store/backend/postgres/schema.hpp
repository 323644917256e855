#pragma once

/// The tables that the PostgreSQL store keeps its states in.

#include <string>
#include <vector>

namespace otpd::store::postgres {

/// Others are refused.
inline constexpr int schema_version = 1;

/// What makes the tables where they are not there yet.
[[nodiscard]] std::vector<std::string> schema_statements(std::string const& schema);

} // namespace otpd::store::postgres
