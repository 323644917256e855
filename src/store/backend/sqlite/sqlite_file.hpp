#pragma once

/// The file of the SQLite backend: how it is found usable, locked and made.

#include "backend/sqlite/sqlite_database.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <variant>

namespace otpd::store {

/// Opens `path`, alone: nobody else can use the file until it is closed. It is made with mode 0600
/// when it is not there. Or why that cannot be, in one line for the operator; then the file is as
/// it was.
[[nodiscard]] std::variant<std::unique_ptr<sqlite_database>, std::string>
open_sqlite_file(std::string const& path, std::size_t cache_bytes);

} // namespace otpd::store
