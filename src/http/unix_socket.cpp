#include "unix_socket.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;
using local = asio::local::stream_protocol;

namespace {

[[noreturn]] void fail(std::string const& path, std::string_view why) {
    throw std::runtime_error("cannot listen on " + path + ": " + std::string(why));
}

/// Locks a file beside the socket for as long as this lives, so that only one process at a time
/// decides whether a socket is stale. The file stays: nobody could remove it safely.
class neighbour_lock {
public:
    explicit neighbour_lock(std::string const& path) noexcept
        : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)),
          error_(file_ < 0 || ::flock(file_, LOCK_EX | LOCK_NB) != 0 ? errno : 0) {}
    neighbour_lock(neighbour_lock const&) = delete;
    neighbour_lock& operator=(neighbour_lock const&) = delete;
    ~neighbour_lock() {
        if (file_ >= 0) ::close(file_);
    }
    [[nodiscard]] int error() const noexcept { return error_; } ///< 0: it is locked

private:
    int file_;
    int error_;
};

/// Removes the socket of a process that has ended. Without a listener a connect is refused; any
/// other result means that somebody is there, or that nobody can tell.
void remove_stale(stream_acceptor& acceptor, std::string const& path) {
    struct stat there{};
    if (::lstat(path.c_str(), &there) != 0) return; // gone by now
    if (!S_ISSOCK(there.st_mode)) fail(path, "there is a file, which is no socket");
    error_code ec;
    local::socket probe(acceptor.get_executor());
    probe.open(local(), ec);
    if (!ec) probe.non_blocking(true, ec); // a listener whose queue is full would make it wait
    if (!ec) probe.connect(local::endpoint(path), ec);
    if (ec != asio::error::connection_refused) fail(path, "another process listens there");
    ::unlink(path.c_str());
}

} // namespace

void unix_socket::listen(stream_acceptor& acceptor, std::string const& path) {
    std::optional<local::endpoint> wanted;
    try {
        wanted.emplace(path);
    } catch (boost::system::system_error const&) {
        fail(path, "the path of a socket has at most 107 bytes");
    }
    error_code ec;
    lock_path_ = path + ".lock";
    neighbour_lock const lock(lock_path_);
    if (lock.error() == EWOULDBLOCK)
        fail(path, "another process begins or ends to listen there; try again");
    ec.assign(lock.error(), boost::system::system_category());
    if (!ec) acceptor.open(local(), ec);
    // bind() gives the file the socket's own mode, so that it is never open to others.
    if (!ec && ::fchmod(acceptor.native_handle(), S_IRUSR | S_IWUSR) != 0)
        ec.assign(errno, boost::system::system_category());
    if (!ec) acceptor.bind(*wanted, ec);
    if (ec == asio::error::address_in_use) {
        remove_stale(acceptor, path);
        acceptor.bind(*wanted, ec);
    }
    if (ec == boost::system::errc::no_such_file_or_directory)
        fail(path, "its directory does not exist");
    struct stat made{};
    if (!ec && ::lstat(path.c_str(), &made) != 0)
        ec.assign(errno, boost::system::system_category());
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) fail(path, ec.message());
    path_ = path;
    device_ = made.st_dev;
    inode_ = made.st_ino;
}

void unix_socket::remove() noexcept {
    if (path_.empty()) return;
    neighbour_lock const lock(lock_path_);
    if (lock.error() != 0) return path_.clear(); // whoever has it replaces the file
    struct stat there{};
    bool const is_ours =
        ::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_;
    if (is_ours) ::unlink(path_.c_str());
    path_.clear();
}

} // namespace otpd::http
