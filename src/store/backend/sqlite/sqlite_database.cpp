#include "backend/sqlite/sqlite_database.hpp"

namespace otpd::store {

sqlite_database::sqlite_database(std::string const& path) {
    sqlite3* handle = nullptr;
    int const code = sqlite3_open_v2(
        path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        nullptr);
    handle_.reset(handle); // set even if opening failed
    if (code != SQLITE_OK) fail(code);
}

void sqlite_database::fail(int code) const {
    // The handle's message is more exact ("no such table: x"), but only if it is about this code.
    bool const about_this = get() != nullptr && sqlite3_extended_errcode(get()) == code;
    throw sqlite_error(code, about_this ? sqlite3_errmsg(get()) : sqlite3_errstr(code));
}

void sqlite_database::execute(char const* statements) {
    int const code = sqlite3_exec(get(), statements, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
}

std::string sqlite_database::ask(char const* statement) {
    sqlite_statement prepared(*this, statement);
    sqlite_statement::run answer(prepared);
    return answer.next() ? std::string(answer.bytes(0)) : std::string();
}

sqlite_statement::sqlite_statement(sqlite_database const& database, std::string_view text)
    : database_(database) {
    sqlite3_stmt* handle = nullptr;
    int const code = sqlite3_prepare_v3(database.get(), text.data(), static_cast<int>(text.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) database.fail(code);
}

using run = sqlite_statement::run;

void run::check(int code) const {
    if (code != SQLITE_OK) of_.database_.fail(code);
}

run& run::with(std::int64_t value) {
    check(sqlite3_bind_int64(of_.handle_.get(), ++parameters_, value));
    return *this;
}

run& run::with(std::string_view bytes) {
    check(sqlite3_bind_blob64(of_.handle_.get(), ++parameters_, bytes.data(), bytes.size(),
                              SQLITE_STATIC));
    return *this;
}

bool run::next() {
    int const code = sqlite3_step(of_.handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) of_.database_.fail(code);
    return false;
}

std::int64_t run::integer(int column) const noexcept {
    return sqlite3_column_int64(of_.handle_.get(), column);
}

std::string_view run::bytes(int column) const noexcept {
    // Reads the pointer first: that may convert the value, and the size is that of the result.
    auto const* const data =
        static_cast<char const*>(sqlite3_column_blob(of_.handle_.get(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(of_.handle_.get(), column))};
}

} // namespace otpd::store
