#pragma once

/// Opens, checks, locks and creates the file of the SQLite backend.

#include "backend/sqlite/sqlite_database.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <variant>

namespace otpd::store {

/// Opens `path` exclusively: nobody else can use the file until it is closed. A missing file is
/// created with mode 0600. On failure, returns the reason in one line for the operator, and the
/// file is unchanged.
[[nodiscard]] std::variant<std::unique_ptr<sqlite_database>, std::string>
open_sqlite_file(std::string const& path, std::size_t cache_bytes);

} // namespace otpd::store
