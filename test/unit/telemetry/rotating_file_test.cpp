/// A file of lines that is rotated when it is full.

#include "otpd/telemetry/rotating_file.hpp"
#include "support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using otpd::telemetry::rotating_file;
using otpd::telemetry::rotating_file_options;
namespace fs = std::filesystem;

namespace {

struct fixture {
    otpd::test::temporary_directory directory;
    std::string const path = directory.path() + "/timeline.jsonl";

    [[nodiscard]] rotating_file_options options(std::uint64_t bytes_max,
                                                std::size_t files_max = 3) const {
        return {.path = path, .bytes_max = bytes_max, .files_max = files_max};
    }
    /// The text of the file, or of the n-th old one; empty if there is none.
    [[nodiscard]] std::string text(int n = 0) const {
        std::ifstream in(n == 0 ? path : path + "." + std::to_string(n), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()));
    }
};

/// While this lives, no file of this process may grow: as on a full disk, a write ends in the
/// middle.
class full_disk {
public:
    explicit full_disk(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit const small{bytes, before_.rlim_max};
        BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    }
    ~full_disk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    full_disk(full_disk const&) = delete;
    full_disk& operator=(full_disk const&) = delete;

private:
    rlimit before_{};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_rotating_file, fixture)

BOOST_AUTO_TEST_CASE(is_appended_to_and_for_its_owner_only) {
    {
        rotating_file file(options(1000));
        file.write("one\n");
    }
    rotating_file file(options(1000));
    file.write("two\n");
    BOOST_TEST(text() == "one\ntwo\n");
    struct stat about{};
    BOOST_REQUIRE(::stat(path.c_str(), &about) == 0);
    BOOST_TEST((about.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(that_cannot_be_opened_is_an_error_at_once) {
    auto nowhere = options(1000);
    nowhere.path = directory.path() + "/not/there";
    BOOST_CHECK_THROW(rotating_file{nowhere}, std::system_error);
    nowhere.path = directory.path();
    BOOST_CHECK_THROW(rotating_file{nowhere}, std::system_error);
}

// A file may be filled to its last byte; the line that would exceed the limit begins the next one.
BOOST_AUTO_TEST_CASE(is_begun_anew_by_the_line_that_would_pass_its_limit) {
    rotating_file file(options(8));
    file.write("one\n");
    file.write("two\n");
    BOOST_TEST(text() == "one\ntwo\n");
    BOOST_TEST(files() == 1u);
    file.write("3\n");
    BOOST_TEST(text() == "3\n");
    BOOST_TEST(text(1) == "one\ntwo\n");
}

BOOST_AUTO_TEST_CASE(keeps_so_many_files_and_no_more) {
    rotating_file file(options(4));
    for (char n = '1'; n <= '5'; ++n)
        file.write("no" + std::string(1, n) + "\n");
    BOOST_TEST(text() == "no5\n");
    BOOST_TEST(text(1) == "no4\n");
    BOOST_TEST(text(2) == "no3\n");
    BOOST_TEST(files() == 3u);
}

BOOST_AUTO_TEST_CASE(may_be_the_only_one) {
    rotating_file file(options(4, 1));
    file.write("one\n");
    file.write("two\n");
    BOOST_TEST(text() == "two\n");
    BOOST_TEST(files() == 1u);
}

// A block is split at its line ends.
BOOST_AUTO_TEST_CASE(splits_no_line_of_a_piece_that_does_not_fit) {
    rotating_file file(options(10));
    file.write("1111\n2222\n3333\n4444\n5555\n");
    BOOST_TEST(text(2) == "1111\n2222\n");
    BOOST_TEST(text(1) == "3333\n4444\n");
    BOOST_TEST(text() == "5555\n");
}

BOOST_AUTO_TEST_CASE(holds_a_line_longer_than_its_limit_alone) {
    rotating_file file(options(4));
    file.write("1\n22222222\n3\n");
    BOOST_TEST(text(2) == "1\n");
    BOOST_TEST(text(1) == "22222222\n");
    BOOST_TEST(text() == "3\n");
}

BOOST_AUTO_TEST_CASE(counts_what_was_there_before) {
    directory.add("timeline.jsonl", "before\n");
    rotating_file file(options(10));
    file.write("after\n");
    BOOST_TEST(text(1) == "before\n");
    BOOST_TEST(text() == "after\n");
}

// A process was killed while it wrote.
BOOST_AUTO_TEST_CASE(ends_a_line_that_was_cut_off_before) {
    directory.add("timeline.jsonl", "{\"half");
    rotating_file file(options(1000));
    file.write("whole\n");
    BOOST_TEST(text() == "{\"half\nwhole\n");
}

BOOST_AUTO_TEST_CASE(counts_lines_that_a_full_disk_does_not_take_and_goes_on_when_there_is_room) {
    rotating_file file(options(1000));
    file.write("1\n");
    {
        full_disk const full(7);
        file.write("22\n33\n44\n"); // the disk takes "22\n33"
        BOOST_TEST(file.lines_lost() == 2u);
        BOOST_TEST(text() == "1\n22\n");
        file.write("55\n66\n");
        BOOST_TEST(file.lines_lost() == 4u);
    }
    file.write("77\n");
    BOOST_TEST(text() == "1\n22\n77\n");
    BOOST_TEST(file.lines_lost() == 4u);
}

BOOST_AUTO_TEST_CASE(is_begun_anew_when_somebody_moved_it_away) {
    rotating_file file(options(1000));
    file.write("one\n");
    fs::rename(path, path + ".old");
    file.write("two\n");
    BOOST_TEST(text() == "two\n");
    std::ifstream moved(path + ".old");
    std::string const before{std::istreambuf_iterator<char>(moved),
                             std::istreambuf_iterator<char>()};
    BOOST_TEST(before == "one\n");
    fs::rename(path, path + ".older");
    directory.add("timeline.jsonl", "another's\n");
    file.write("three\n");
    BOOST_TEST(text() == "another's\nthree\n");
    BOOST_TEST(file.lines_lost() == 0u);
}

BOOST_AUTO_TEST_CASE(is_begun_anew_when_somebody_removed_it) {
    rotating_file file(options(1000));
    file.write("one\n");
    fs::remove(path);
    file.write("two\n");
    BOOST_TEST(text() == "two\n");
    BOOST_TEST(file.lines_lost() == 0u);
}

// Lines of a moved file are not lost; those of a deleted file are.
BOOST_AUTO_TEST_CASE(counts_lines_only_when_they_are_nowhere) {
    auto const inner = directory.path() + "/inner";
    auto const outer = directory.path() + "/outer";
    fs::create_directory(inner);
    auto with = options(1000);
    with.path = inner + "/file";
    rotating_file file(with);
    file.write("one\n");
    fs::rename(inner, outer);
    file.write("two\n"); // nothing can be created at the path
    BOOST_TEST(file.lines_lost() == 0u);
    std::ifstream moved(outer + "/file");
    std::string const there{std::istreambuf_iterator<char>(moved),
                            std::istreambuf_iterator<char>()};
    BOOST_TEST(there == "one\ntwo\n");
    fs::remove_all(outer);
    file.write("three\nfour\n");
    BOOST_TEST(file.lines_lost() == 2u);
}

// As logrotate's copytruncate does.
BOOST_AUTO_TEST_CASE(that_somebody_cut_has_room_again) {
    rotating_file file(options(10));
    file.write("one\ntwo\n");
    fs::resize_file(path, 0);
    file.write("3\n");
    file.write("4\n");
    BOOST_TEST(text() == "3\n4\n");
    BOOST_TEST(files() == 1u);
}

BOOST_AUTO_TEST_CASE(is_reopened_on_request_before_anything_is_written) {
    rotating_file file(options(1000));
    file.write("one\n");
    fs::rename(path, path + ".old");
    file.reopen();
    BOOST_TEST(fs::exists(path));
}

BOOST_AUTO_TEST_CASE(is_made_again_when_its_directory_is) {
    auto const inner = directory.path() + "/inner";
    fs::create_directory(inner);
    auto with = options(4);
    with.path = inner + "/file";
    rotating_file file(with);
    file.write("one\n");
    fs::remove_all(inner);
    file.write("two\n"); // needs a new file, which cannot be created
    BOOST_TEST(file.lines_lost() == 1u);
    fs::create_directory(inner);
    file.write("six\n");
    BOOST_TEST(file.lines_lost() == 1u);
    BOOST_TEST(fs::file_size(with.path) == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
