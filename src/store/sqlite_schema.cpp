#include "sqlite_schema.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace otpd::store {

namespace {

/// Each takes the schema from the version that is its place here to the next. A released one is never
/// changed: a new one is added.
constexpr std::array steps{
    // 0 to 1. What is known of a number lies together, so that a step reads and writes few pages.
    R"(CREATE TABLE items (
         number BLOB NOT NULL,     -- keyed hash
         kind INTEGER NOT NULL,    -- 0 a code, 1 a counter, 2 the wrong guesses
         name TEXT NOT NULL,       -- the code's purpose, the counter's name, empty
         expires INTEGER NOT NULL, -- microseconds; of a counter: until when it is busy
         count INTEGER,            -- wrong guesses: at this code, at the number
         id BLOB,                  -- of the verification; this and the rest are a code's only
         key_id INTEGER,
         mac BLOB,
         route_id INTEGER,         -- this and the rest once the upstream took the message
         order_id TEXT,
         bx_message_id TEXT,
         cost INTEGER,             -- millionths; may be unknown
         PRIMARY KEY (number, kind, name),
         CHECK (CASE kind
           WHEN 0 THEN count NOT NULL AND length(id) = 16 AND key_id NOT NULL AND length(mac) = 32
           WHEN 1 THEN count IS NULL AND id IS NULL
           WHEN 2 THEN count > 0 AND id IS NULL AND name = ''
           ELSE FALSE END)
       ) STRICT, WITHOUT ROWID;
       CREATE INDEX items_by_expiry ON items (expires);
       -- The latest time that anything was written at: time goes on from there, never behind it.
       CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), latest INTEGER NOT NULL) STRICT;
       INSERT INTO clock VALUES (1, 0);
       -- Filled and emptied to find out whether there is room to write again.
       CREATE TABLE scratch (room BLOB NOT NULL) STRICT;)",
    // 1 to 2. Things are kept for every subject, each in the form of sqlite_codec.cpp. There was one slot for
    // each purpose, whose code was forgotten with its time; nobody knew whether a guess was made with the id,
    // nor when a code was sent.
    R"(ALTER TABLE items RENAME TO items_1;
       DROP INDEX items_by_expiry;
       CREATE TABLE items (
         subject BLOB NOT NULL,    -- keyed hash
         kind INTEGER NOT NULL,    -- 0 a live code, 1 a counter, 2 the wrong guesses, 3 a verification,
                                   -- 4 a cooldown, 5 what is watched, 6 an idempotency key
         name TEXT NOT NULL,       -- the verification's id, the counter's name, empty
         expires INTEGER NOT NULL, -- microseconds
         data TEXT NOT NULL,
         PRIMARY KEY (subject, kind, name),
         CHECK (kind BETWEEN 0 AND 6)
       ) STRICT, WITHOUT ROWID;
       CREATE INDEX items_by_expiry ON items (expires);
       INSERT INTO items
         SELECT number, 0, lower(hex(id)), expires, key_id || ' ' || lower(hex(mac))
         FROM items_1, clock WHERE kind = 0 AND expires > latest;
       INSERT INTO items
         SELECT number, 3, lower(hex(id)), expires,
           '0 1 ' || iif(route_id IS NULL, 2, 1) || ' ' || latest || ' ' || expires || ' 0 '
           || count || ' ' || count || ' ' || lower(hex('default:' || name))
           || iif(route_id IS NULL, ' 0', ' 1 ' || route_id
             || ' ' || coalesce(nullif(lower(hex(order_id)), ''), '-')
             || ' ' || coalesce(nullif(lower(hex(bx_message_id)), ''), '-')
             || ' ' || coalesce(cost, '-'))
           || ' 2 0 ' || latest || ' ' || iif(route_id IS NULL, 2, 1) || ' ' || latest
         FROM items_1, clock WHERE kind = 0 AND expires > latest;
       INSERT INTO items
         SELECT number, 1, name, expires, '' FROM items_1 WHERE kind = 1 AND name <> 'cooldown';
       INSERT INTO items
         SELECT number, 4, '', expires, '1 ' || expires
         FROM items_1 WHERE kind = 1 AND name = 'cooldown';
       INSERT INTO items
         SELECT number, 2, '', expires, count || ' 0 0 0' FROM items_1 WHERE kind = 2;
       DROP TABLE items_1;)",
    // 2 to 3. Budgets are kept as well, and events have details; those of before have none.
    R"(ALTER TABLE items RENAME TO items_2;
       DROP INDEX items_by_expiry;
       CREATE TABLE items (
         subject BLOB NOT NULL,    -- keyed hash
         kind INTEGER NOT NULL,    -- 0 a live code, 1 a counter, 2 the wrong guesses, 3 a verification,
                                   -- 4 a cooldown, 5 what is watched, 6 an idempotency key, 7 a budget
         name TEXT NOT NULL,       -- the verification's id, the counter's or the budget's name, empty
         expires INTEGER NOT NULL, -- microseconds
         data TEXT NOT NULL,
         PRIMARY KEY (subject, kind, name),
         CHECK (kind BETWEEN 0 AND 7)
       ) STRICT, WITHOUT ROWID;
       INSERT INTO items SELECT subject, kind, name, expires, data FROM items_2;
       CREATE INDEX items_by_expiry ON items (expires);
       DROP TABLE items_2;)"};

std::string message(int error) {
    return std::generic_category().message(error);
}

/// Makes the file when it is not there. A file that is there is not opened here: closing it again would
/// take away the locks that this process may have on it (POSIX). Why it cannot be used, or nothing.
std::string prepare_file(std::string const& path) {
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

/// Before anything is read. In exclusive mode from the first access on, a WAL needs no memory shared with
/// others, and nobody else gets in.
void guard(sqlite_database& database) {
    database.execute("PRAGMA locking_mode=EXCLUSIVE");
    database.execute("PRAGMA trusted_schema=OFF");
    database.execute("PRAGMA cell_size_check=ON");
}

void configure(sqlite_database& database, std::size_t cache_bytes) {
    database.execute("PRAGMA temp_store=MEMORY");
    database.execute(("PRAGMA cache_size=-" + std::to_string(cache_bytes / 1024)).c_str());
    if (database.ask("PRAGMA journal_mode=WAL") != "wal")
        throw sqlite_error(SQLITE_IOERR, "no write-ahead log can be kept there");
    database.execute("PRAGMA synchronous=FULL");
    // 16 MiB of log: a page that is changed often goes to its place in the file less often.
    database.execute("PRAGMA wal_autocheckpoint=4096");
    database.execute("PRAGMA journal_size_limit=67108864");
    database.execute("BEGIN EXCLUSIVE; COMMIT"); // takes the lock, and does not give it back
}

/// Why the file is not one of ours, or nothing.
std::string foreign(sqlite_database& database) {
    int const version = std::stoi(database.ask("PRAGMA user_version"));
    int const application = std::stoi(database.ask("PRAGMA application_id"));
    bool const fresh = version == 0 && application == 0 &&
                       database.ask("SELECT count(*) FROM sqlite_schema") == "0";
    if (!fresh && application != sqlite_application_id) return "is not a database of otpd";
    if (version > sqlite_schema_version())
        return "has schema version " + std::to_string(version) + ", this otpd knows up to " +
               std::to_string(sqlite_schema_version()) + ": it was written by a newer otpd";
    return {};
}

void bring_up_to_date(sqlite_database& database) {
    auto version = static_cast<std::size_t>(std::stoi(database.ask("PRAGMA user_version")));
    for (; version < steps.size(); ++version) {
        auto const marks = "PRAGMA application_id=" + std::to_string(sqlite_application_id) +
                           "; PRAGMA user_version=" + std::to_string(version + 1);
        database.execute("BEGIN IMMEDIATE");
        database.execute(steps[version]);
        database.execute(marks.c_str());
        database.execute("COMMIT");
    }
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

int sqlite_schema_version() noexcept {
    return static_cast<int>(steps.size());
}

std::variant<std::unique_ptr<sqlite_database>, std::string> open_sqlite(std::string const& path,
                                                                        std::size_t cache_bytes) {
    if (auto fault = prepare_file(path); !fault.empty()) return path + ' ' + fault;
    try {
        auto database = std::make_unique<sqlite_database>(path);
        guard(*database);
        if (auto fault = foreign(*database); !fault.empty()) return path + ' ' + fault;
        if (auto found = database->ask("PRAGMA quick_check(1)"); found != "ok")
            return path + " is damaged: " + found.substr(0, found.find('\n'));
        configure(*database, cache_bytes);
        bring_up_to_date(*database);
        return database;
    } catch (sqlite_error const& why) {
        return path + ' ' + explained(why);
    }
}

} // namespace otpd::store
