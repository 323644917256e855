#pragma once

/// SQLite's C interface with owners and exceptions. A database and its statements are used by one
/// thread.

#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <string_view>

namespace otpd::store {

/// An error of SQLite, with its message.
class sqlite_error : public std::runtime_error {
public:
    sqlite_error(int code, std::string const& what) : std::runtime_error(what), code_(code) {}
    /// The primary result code: SQLITE_BUSY, SQLITE_FULL, …
    [[nodiscard]] int code() const noexcept { return code_ & 0xff; }

private:
    int code_;
};

class sqlite_database {
public:
    /// Opens an existing file for reading and writing. Throws sqlite_error.
    explicit sqlite_database(std::string const& path);

    /// Runs statements without a result.
    void execute(char const* statements);
    /// Returns the first column of the first row as text; empty if there is none.
    std::string ask(char const* statement);
    /// Rows inserted, changed or deleted since the file was opened.
    [[nodiscard]] std::int64_t changes() const noexcept { return sqlite3_total_changes64(get()); }
    [[nodiscard]] bool in_transaction() const noexcept {
        return sqlite3_get_autocommit(get()) == 0;
    }
    [[nodiscard]] sqlite3* get() const noexcept { return handle_.get(); }

    [[noreturn]] void fail(int code) const;

private:
    struct closer {
        void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
    };
    std::unique_ptr<sqlite3, closer> handle_;
};

/// A statement that is prepared once and run often. The database must outlive it.
class sqlite_statement {
public:
    sqlite_statement(sqlite_database const& database, std::string_view text);

    /// One run of the statement: bind the parameters in order, then read the rows. The parameters'
    /// memory must stay valid until this object is destroyed.
    class run {
    public:
        explicit run(sqlite_statement& statement) noexcept : of_(statement) {}
        ~run() {
            sqlite3_reset(of_.handle_.get()); // returns the error of the step, which has thrown
                                              // already
            sqlite3_clear_bindings(of_.handle_.get());
        }
        run(run const&) = delete;
        run& operator=(run const&) = delete;

        run& with(std::int64_t value);
        run& with(std::string_view bytes);

        /// Returns whether there is another row.
        bool next();
        /// Runs to the end.
        void finish() {
            while (next()) {
            }
        }

        // The columns of the row, from 0. Views are valid until the next row.
        [[nodiscard]] std::int64_t integer(int column) const noexcept;
        [[nodiscard]] std::string_view bytes(int column) const noexcept;

    private:
        void check(int code) const;
        sqlite_statement& of_;
        int parameters_ = 0;
    };

private:
    struct finalizer {
        void operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
    };
    sqlite_database const& database_;
    std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

} // namespace otpd::store
