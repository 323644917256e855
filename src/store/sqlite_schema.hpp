#pragma once

/// The file of the SQLite store: how it is found usable, locked and brought up to date.

#include "sqlite_database.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <variant>

namespace otpd::store {

/// Marks a file as one of these (PRAGMA application_id): "otpd".
inline constexpr int sqlite_application_id = 0x6f747064;
/// Of the file (PRAGMA user_version) once it is up to date.
[[nodiscard]] int sqlite_schema_version() noexcept;

/// Opens `path`, alone: nobody else can use the file until it is closed. It is made with mode 0600 when
/// it is not there. Or why that cannot be, in one line for the operator.
[[nodiscard]] std::variant<std::unique_ptr<sqlite_database>, std::string>
open_sqlite(std::string const& path, std::size_t cache_bytes);

} // namespace otpd::store
