// A server on a Unix socket: who may open it, and what becomes of its file.

#include "http_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

namespace otpd::test {

namespace {

/// A server that may listen on `path`, and never serves.
struct listener {
    explicit listener(std::string const& path)
        : server(context, options_for(path), routes, events) {}
    static http::server_options options_for(std::string const& path) {
        http::server_options options;
        options.socket_path = path;
        return options;
    }
    std::string fault() {
        try {
            server.listen();
            return "";
        } catch (std::runtime_error const& why) {
            return why.what();
        }
    }

    boost::asio::io_context context;
    http::router routes;
    http::observer events;
    http::server server;
};

/// Leaves a socket behind, as a process does that is killed.
void leave_socket(std::string const& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    int const socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    BOOST_REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::close(socket);
}

mode_t mode_of(std::string const& path) {
    struct stat found{};
    BOOST_REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found.st_mode & 07777U;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_unix_socket)

BOOST_AUTO_TEST_CASE(is_open_to_its_owner_alone_whatever_the_umask) {
    temporary_directory const directory;
    auto const before = ::umask(0);
    listener one(directory.path() + "/s");
    BOOST_TEST(one.fault() == "");
    ::umask(before);
    BOOST_TEST(mode_of(directory.path() + "/s") == 0600U);
}

BOOST_AUTO_TEST_CASE(that_a_dead_process_left_is_replaced) {
    temporary_directory const directory;
    auto const path = directory.path() + "/s";
    leave_socket(path);
    listener one(path);
    BOOST_TEST(one.fault() == "");
    BOOST_TEST(mode_of(path) == 0600U);
}

BOOST_AUTO_TEST_CASE(that_a_live_process_has_is_refused) {
    temporary_directory const directory;
    auto const path = directory.path() + "/s";
    listener one(path), other(path);
    BOOST_TEST(one.fault() == "");
    BOOST_TEST(other.fault() == "cannot listen on " + path + ": another process listens there");
    BOOST_TEST(std::filesystem::exists(path));
}

// Else both of two processes could find it stale, and one remove what the other listens on by then.
BOOST_AUTO_TEST_CASE(that_a_dead_process_left_is_replaced_by_one_process_at_a_time) {
    temporary_directory const directory;
    auto const path = directory.path() + "/s";
    leave_socket(path);
    int const lock = ::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    BOOST_REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0); // as another process that begins
    BOOST_TEST(listener(path).fault() ==
               "cannot listen on " + path +
                   ": another process begins or ends to listen there; try again");
    BOOST_TEST(std::filesystem::exists(path));
    ::close(lock);
    listener one(path);
    BOOST_TEST(one.fault() == "");
}

BOOST_AUTO_TEST_CASE(replaces_no_other_file) {
    temporary_directory const directory;
    auto const path = directory.add("s", "precious");
    listener one(path);
    BOOST_TEST(one.fault() == "cannot listen on " + path + ": there is a file, which is no socket");
    BOOST_TEST(std::filesystem::file_size(path) == 8U);
}

BOOST_AUTO_TEST_CASE(needs_a_directory_and_a_path_that_fits) {
    temporary_directory const directory;
    auto const path = directory.path() + "/none/s";
    BOOST_TEST(listener(path).fault() ==
               "cannot listen on " + path + ": its directory does not exist");
    auto const long_path = directory.path() + '/' + std::string(120, 's');
    BOOST_TEST(listener(long_path).fault().ends_with("at most 107 bytes"));
}

BOOST_AUTO_TEST_CASE(is_removed_at_the_end_unless_it_is_anothers) {
    temporary_directory const directory;
    auto const path = directory.path() + "/s";
    {
        listener one(path);
        BOOST_TEST(one.fault() == "");
    }
    BOOST_TEST(!std::filesystem::exists(path));
    {
        listener one(path);
        BOOST_TEST(one.fault() == "");
        std::filesystem::remove(path);
        leave_socket(path);
    }
    BOOST_TEST(std::filesystem::exists(path));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
