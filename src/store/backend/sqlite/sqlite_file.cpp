#include "backend/sqlite/sqlite_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace otpd::store {

namespace {

/// Marks our files (PRAGMA application_id): "otpd".
constexpr int application_id = 0x6f747064;
/// The version of the tables (PRAGMA user_version). Versions 1 to 3 had rows for each verification
/// and counter; no release wrote them.
constexpr int schema_version = 4;

/// With row ids, states that are written together are stored together, however their keys are
/// spread. This writes less than half as much log. The index on `due` changes only when a state is
/// added, when it is deleted and when one of its codes ends.
constexpr char const* tables = R"(
    CREATE TABLE states (
      key BLOB NOT NULL UNIQUE,        -- the kind, and a keyed hash
      state BLOB NOT NULL,             -- begins with its version and its format
      retained_until INTEGER NOT NULL, -- microseconds since 1970, as `due`
      due INTEGER NOT NULL,            -- the sweeper looks at it then
      live_codes INTEGER NOT NULL,
      CHECK (length(state) > 0) -- nothing is no state
    ) STRICT;
    CREATE INDEX states_by_due ON states (due);
    -- Filled and emptied to find out whether there is room to write again.
    CREATE TABLE scratch (room BLOB NOT NULL) STRICT;)";

std::string message(int error) {
    return std::generic_category().message(error);
}

/// Creates a missing file. Does not open an existing one: closing it again would release the locks
/// that this process may hold on it (POSIX). Returns why the file is unusable, or nothing.
std::string prepare(std::string const& path) {
    int const fresh =
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fresh >= 0) {
        ::close(fresh);
        return {};
    }
    if (errno != EEXIST) return "cannot be made: " + message(errno);
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return "cannot be used: " + message(errno);
    if (!S_ISREG(found.st_mode)) return "is not a file";
    if (::access(path.c_str(), R_OK | W_OK) != 0) return "cannot be used: " + message(errno);
    return {};
}

/// Must run before the first read. In exclusive mode from the first access on, a WAL needs no
/// shared memory, and nobody else can open the file.
void guard(sqlite_database& database) {
    database.execute("PRAGMA locking_mode=EXCLUSIVE");
    database.execute("PRAGMA trusted_schema=OFF");
    database.execute("PRAGMA cell_size_check=ON");
}

/// Returns why the file is not one of ours, or nothing.
std::string foreign(sqlite_database& database, bool is_fresh) {
    if (is_fresh) return {};
    if (std::stoi(database.ask("PRAGMA application_id")) != application_id)
        return "is not a database of otpd";
    auto const version = database.ask("PRAGMA user_version");
    if (std::stoi(version) != schema_version)
        return "has schema version " + version + ", this otpd knows " +
               std::to_string(schema_version) + ": it was written by another version of otpd";
    return {};
}

void configure(sqlite_database& database, std::size_t cache_bytes) {
    database.execute("PRAGMA temp_store=MEMORY");
    database.execute(("PRAGMA cache_size=-" + std::to_string(cache_bytes / 1024)).c_str());
    if (database.ask("PRAGMA journal_mode=WAL") != "wal")
        throw sqlite_error(SQLITE_IOERR, "no write-ahead log can be kept there");
    database.execute("PRAGMA synchronous=FULL");
    // A log of 16 MiB: a page that changes often is checkpointed less often.
    database.execute("PRAGMA wal_autocheckpoint=4096");
    database.execute("PRAGMA journal_size_limit=67108864");
    database.execute("BEGIN EXCLUSIVE; COMMIT"); // takes the lock and keeps it
}

/// Creates all tables, or leaves the file as fresh as before.
void make_tables(sqlite_database& database) {
    auto const marks = "PRAGMA application_id=" + std::to_string(application_id) +
                       "; PRAGMA user_version=" + std::to_string(schema_version);
    database.execute("BEGIN IMMEDIATE");
    database.execute(tables);
    database.execute(marks.c_str());
    database.execute("COMMIT");
}

std::string explained(sqlite_error const& why) {
    switch (why.code()) {
    case SQLITE_BUSY:
        return "is in use by another process";
    case SQLITE_NOTADB:
        return "is not an SQLite database";
    case SQLITE_CORRUPT:
        return "is damaged: " + std::string(why.what());
    default:
        return "cannot be used: " + std::string(why.what());
    }
}

} // namespace

std::variant<std::unique_ptr<sqlite_database>, std::string>
open_sqlite_file(std::string const& path, std::size_t cache_bytes) {
    if (auto fault = prepare(path); !fault.empty()) return path + ' ' + fault;
    try {
        auto database = std::make_unique<sqlite_database>(path);
        guard(*database);
        bool const is_fresh = database->ask("PRAGMA application_id") == "0" &&
                              database->ask("PRAGMA user_version") == "0" &&
                              database->ask("SELECT count(*) FROM sqlite_schema") == "0";
        if (auto fault = foreign(*database, is_fresh); !fault.empty()) return path + ' ' + fault;
        if (auto found = database->ask("PRAGMA quick_check(1)"); found != "ok")
            return path + " is damaged: " + found.substr(0, found.find('\n'));
        configure(*database, cache_bytes);
        if (is_fresh) make_tables(*database);
        return database;
    } catch (sqlite_error const& why) {
        return path + ' ' + explained(why);
    }
}

} // namespace otpd::store
