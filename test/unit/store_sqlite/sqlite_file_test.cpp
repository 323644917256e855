// The file of the SQLite backend: which files are opened, and who may read them.

#include "sqlite_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <filesystem>

using namespace otpd::store;
using namespace otpd::test;
using namespace std::chrono_literals;

using fixture = sqlite_fixture;

BOOST_AUTO_TEST_SUITE(sqlite_file_rules)

// The file contains keyed hashes and seeds of codes, so nobody else may read it.
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
    BOOST_TEST(files == 2U); // the file and its -wal; there is no shared memory
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
    sqlite_backend second(f.context.get_executor(), f.clock, f.options, f);
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
    BOOST_TEST((contents(f.path) == bytes)); // so that an operator can rescue data
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

BOOST_AUTO_TEST_CASE(another_schema_is_refused_and_left_alone) {
    for (char const* version : {"3", "1000"}) {
        fixture f;
        BOOST_REQUIRE_EQUAL(f.start(), "");
        f.held.reset();
        edit(f.path, ("PRAGMA user_version = " + std::string(version)).c_str());
        auto const before = contents(f.path);
        BOOST_TEST(f.start() ==
                   f.path + " has schema version " + version +
                       ", this otpd knows 4: it was written by another version of otpd");
        BOOST_TEST((contents(f.path) == before));
    }
}

// A process that died before it created the tables has left an empty file.
BOOST_AUTO_TEST_CASE(an_empty_file_gets_its_tables) {
    fixture f;
    fill(f.path, "");
    BOOST_REQUIRE_EQUAL(f.start(), "");
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
}

BOOST_AUTO_TEST_SUITE_END()
