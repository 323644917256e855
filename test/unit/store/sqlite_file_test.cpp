// The file of the SQLite store: which one is opened at all, who may read it, and how an older one is brought
// up to date.

#include "sqlite_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <filesystem>

using namespace otpd::store;
using namespace otpd::test;
using namespace std::chrono_literals;

using fixture = sqlite_fixture;

namespace {

/// The file as the first otpd made it, with what it had of three numbers and everybody; `wall` is when.
/// The times are those of two_clocks: 50 years of 365 days after 1970, in microseconds.
constexpr char const* version_1 = R"(
    PRAGMA application_id = 0x6f747064;
    PRAGMA user_version = 1;
    CREATE TABLE items (
      number BLOB NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL, expires INTEGER NOT NULL,
      count INTEGER, id BLOB, key_id INTEGER, mac BLOB,
      route_id INTEGER, order_id TEXT, bx_message_id TEXT, cost INTEGER,
      PRIMARY KEY (number, kind, name),
      CHECK (CASE kind
        WHEN 0 THEN count NOT NULL AND length(id) = 16 AND key_id NOT NULL AND length(mac) = 32
        WHEN 1 THEN count IS NULL AND id IS NULL
        WHEN 2 THEN count > 0 AND id IS NULL AND name = ''
        ELSE FALSE END)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX items_by_expiry ON items (expires);
    CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), latest INTEGER NOT NULL) STRICT;
    INSERT INTO clock VALUES (1, 1576800000000000);
    CREATE TABLE scratch (room BLOB NOT NULL) STRICT;

    -- Number 1: two codes, one with a receipt; a cooldown of 20 s; 3 wrong guesses.
    INSERT INTO items VALUES (x'01000000000000000000000001000000', 0, 'login', 1576800060000000,
      3, x'0a000000000000000000000000000000', 1,
      x'6f00000000000000000000000000000000000000000000000000000000000000',
      7, '22953', '', 87000);
    INSERT INTO items VALUES (x'01000000000000000000000001000000', 0, 'payment', 1576800060000000,
      0, x'0b000000000000000000000000000000', 1,
      x'de00000000000000000000000000000000000000000000000000000000000000',
      NULL, NULL, NULL, NULL);
    INSERT INTO items (number, kind, name, expires) VALUES
      (x'01000000000000000000000001000000', 1, 'cooldown', 1576800020000000);
    INSERT INTO items (number, kind, name, expires, count) VALUES
      (x'01000000000000000000000001000000', 2, '', 1576886400000000, 3);
    -- Number 2: a code that is over, and a counter that is busy for half of its hour.
    INSERT INTO items VALUES (x'02000000000000000000000002000000', 0, 'login', 1576799999000000,
      0, x'0c000000000000000000000000000000', 1,
      x'6f00000000000000000000000000000000000000000000000000000000000000',
      NULL, NULL, NULL, NULL);
    INSERT INTO items (number, kind, name, expires) VALUES
      (x'02000000000000000000000002000000', 1, 'hourly', 1576801800000000);)";

/// The file before there were budgets and details of events, with one accepted code of number 1 that was
/// guessed at once.
constexpr char const* version_2 = R"(
    PRAGMA application_id = 0x6f747064;
    PRAGMA user_version = 2;
    CREATE TABLE items (
      subject BLOB NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL, expires INTEGER NOT NULL,
      data TEXT NOT NULL,
      PRIMARY KEY (subject, kind, name), CHECK (kind BETWEEN 0 AND 6)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX items_by_expiry ON items (expires);
    CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), latest INTEGER NOT NULL) STRICT;
    INSERT INTO clock VALUES (1, 1576800000000000);
    CREATE TABLE scratch (room BLOB NOT NULL) STRICT;
    INSERT INTO items VALUES
      (x'01000000000000000000000001000000', 0, '0a000000000000000000000000000000', 1576800060000000,
       '1 6f00000000000000000000000000000000000000000000000000000000000000'),
      (x'01000000000000000000000001000000', 3, '0a000000000000000000000000000000', 1576800600000000,
       '0 1 1 1576799990000000 1576800060000000 0 0 1 6c6f67696e'
       || ' 1 7 3232393533 - 87000 3 0 1576799990000000 1 1576799991000000 3 1576799992000000'),
      (x'01000000000000000000000001000000', 2, '', 1576886400000000, '1 0 0 0'),
      (x'0000ffff00000000000000000000ffff', 1, 'hourly', 1576801800000000, '');)";

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_file_rules)

// What the file holds are keyed hashes and MACs: nobody else's to read.
BOOST_AUTO_TEST_CASE(the_file_and_its_log_are_their_owners_only) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    std::size_t files = 0;
    for (auto const& file : std::filesystem::directory_iterator(f.directory.path())) {
        struct stat found{};
        BOOST_REQUIRE(::stat(file.path().c_str(), &found) == 0);
        BOOST_TEST((found.st_mode & 0777U) == 0600U, file.path());
        ++files;
    }
    BOOST_TEST(files == 2U); // the file and its -wal; there is no memory shared with anybody
}

BOOST_AUTO_TEST_CASE(an_end_in_order_leaves_one_whole_file) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.held.reset();
    BOOST_TEST(std::filesystem::exists(f.path));
    BOOST_TEST(!std::filesystem::exists(f.path + "-wal"));
}

BOOST_AUTO_TEST_CASE(a_second_opener_is_refused_and_the_first_goes_on) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    sqlite_store second(f.clock, f.options, f);
    BOOST_TEST(run(f.context, second.start()).value_or("") ==
               f.path + " is in use by another process");
    BOOST_TEST(!run(f.context, second.ping()).has_value());
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_refused) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    for (std::uint32_t i = 0; i < 500; ++i)
        f.admit(send_of(i, 111, i));
    f.held.reset();
    auto bytes = contents(f.path);
    BOOST_REQUIRE(bytes.size() > 20 * 4096U);
    std::fill(bytes.begin() + 10 * 4096, bytes.begin() + 12 * 4096, '\x5a');
    fill(f.path, bytes);
    auto const why = f.start();
    BOOST_TEST(contains(why, f.path + " is damaged: "), why);
    BOOST_TEST(!contains(why, "\n"), why);
    BOOST_TEST((contents(f.path) == bytes)); // for whoever wants to rescue something
}

BOOST_AUTO_TEST_CASE(what_is_no_database_is_refused) {
    fixture f;
    fill(f.path, std::string(8192, 'x'));
    BOOST_TEST(f.start() == f.path + " is not an SQLite database");
    std::filesystem::remove(f.path);
    std::filesystem::create_directory(f.path);
    BOOST_TEST(f.start() == f.path + " is not a file");
    f.options.path = f.directory.path() + "/missing/otpd.db";
    BOOST_TEST(f.start() == f.options.path + " cannot be made: No such file or directory");
}

BOOST_AUTO_TEST_CASE(somebody_elses_database_is_refused_and_left_alone) {
    fixture f;
    edit(f.path, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    auto const before = contents(f.path);
    BOOST_TEST(f.start() == f.path + " is not a database of otpd");
    BOOST_TEST((contents(f.path) == before));
}

BOOST_AUTO_TEST_CASE(a_newer_schema_is_refused) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.held.reset();
    edit(f.path, "PRAGMA user_version = 1000");
    BOOST_TEST(contains(f.start(), "has schema version 1000, this otpd knows up to "));
}

// A process that died before the first schema step was done has left an empty file.
BOOST_AUTO_TEST_CASE(an_empty_file_is_brought_up_to_date) {
    fixture f;
    fill(f.path, "");
    BOOST_REQUIRE_EQUAL(f.start(), "");
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
}

BOOST_AUTO_TEST_CASE(a_file_of_version_1_keeps_its_codes_with_their_receipts) {
    fixture f;
    edit(f.path, version_1);
    BOOST_REQUIRE_EQUAL(f.start(), "");
    BOOST_TEST(f.held->usage().codes == 2U);
    // two verifications, a cooldown, the guesses, a counter
    BOOST_TEST(f.held->usage().items == 5U);
    auto const found = f.find(1, 10);
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->slot == "default:login");
    BOOST_TEST((found->state == progress::active));
    BOOST_TEST((found->message == delivery::accepted));
    BOOST_TEST((found->expires_in == ttl));
    BOOST_TEST(found->open_attempts == 3U);
    BOOST_TEST((found->sent == receipt{7, "22953", "", otpd::money::from_micros(87'000)}));
    BOOST_TEST((f.find(1, 11)->message == delivery::unknown));
    BOOST_TEST(!f.find(1, 11)->sent.has_value());
    BOOST_TEST(!f.find(2, 12).has_value());

    auto const answer = std::get<verified>(f.check(guess_of(1, 111, "default:login")));
    BOOST_TEST((answer.sent == found->sent));
    BOOST_TEST(is<verified>(f.check(guess_of(1, 222, "default:payment"))));
    BOOST_TEST(is<absent>(f.check(guess_of(2, 111, "default:login"))));
}

BOOST_AUTO_TEST_CASE(a_file_of_version_1_keeps_its_limits) {
    fixture f;
    edit(f.path, version_1);
    BOOST_REQUIRE_EQUAL(f.start(), "");
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999, "default:login"))).attempts_left == 1U);
    auto guess = guess_of(1, 222, "default:payment");
    guess.guesses.quota = 4; // those of before are of the number
    BOOST_TEST(is<locked>(f.check(guess)));

    auto const cooling = std::get<refused>(f.admit(send_of(1, 111, 1)));
    BOOST_REQUIRE(cooling.violations.size() == 1U);
    BOOST_TEST((cooling.violations[0].retry_after == 20s));
    auto request = free_send_of(2, 111, 2);
    request.charges = {charge{number(2), "hourly", 2, one_hour}};
    BOOST_TEST(is<admitted>(f.admit(request)));
    request.id = id_of(3);
    BOOST_TEST(is<refused>(f.admit(request)));
    f.clock.advance(20s);
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1, "default:login"))));
}

BOOST_AUTO_TEST_CASE(a_file_of_version_1_is_brought_up_to_date_once) {
    fixture f;
    edit(f.path, version_1);
    BOOST_REQUIRE_EQUAL(f.start(), "");
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111, "default:login"))));
    f.restart();
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111, "default:login"))));
    BOOST_TEST(f.held->usage().codes == 1U);
    BOOST_TEST(f.held->usage().items == 4U);
}

// Its verifications are read as they are: their events have no details, and new ones beside them may.
BOOST_AUTO_TEST_CASE(a_file_of_version_2_keeps_everything) {
    fixture f;
    edit(f.path, version_2);
    BOOST_REQUIRE_EQUAL(f.start(), "");
    BOOST_TEST(f.held->usage().codes == 1U);
    BOOST_TEST(f.held->usage().items == 3U);
    auto const before = f.find(1, 10);
    BOOST_REQUIRE(before.has_value());
    BOOST_TEST((before->sent == receipt{7, "22953", "", otpd::money::from_micros(87'000)}));
    BOOST_REQUIRE(before->events.size() == 3U);
    for (auto const& each : before->events)
        BOOST_TEST(each.details.empty());

    delivery_update update{address_of(1, 10), delivery::delivered, {}, "dlr=DELIVRD", {}};
    BOOST_TEST((run(f.context, f.held->update(update)).value() == update_outcome::updated));
    f.restart();
    auto const after = f.find(1, 10);
    BOOST_TEST((after->message == delivery::delivered));
    BOOST_REQUIRE(after->events.size() == 4U);
    BOOST_TEST((after->events[2].what == event_kind::wrong));
    BOOST_TEST(after->events[2].details.empty());
    BOOST_TEST(after->events[3].details == "dlr=DELIVRD");
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 3U);
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111))));

    auto request = free_send_of(2, 111, 2);
    request.charges = {charge{subject(everybody), "hourly", 2, one_hour}};
    request.reservations = {
        reservation{{subject(everybody), "daily", "2026-11-03"}, 5, 5, one_day}};
    BOOST_TEST(is<admitted>(f.admit(request)));
}

BOOST_AUTO_TEST_SUITE_END()
