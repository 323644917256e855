#pragma once

/// The file of a Unix socket that a server listens on.

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <sys/types.h>

#include <string>

namespace otpd::http {

using stream_acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

class unix_socket {
public:
    unix_socket() = default;
    unix_socket(unix_socket const&) = delete;
    unix_socket& operator=(unix_socket const&) = delete;
    ~unix_socket() { remove(); }

    /// Opens `acceptor` on a new file that only its owner can use (0600). Replaces the socket of a
    /// process that has ended, and nothing else, also if several processes try at once; so it
    /// leaves an empty file `<path>.lock`. Throws std::runtime_error with the path and the reason.
    void listen(stream_acceptor& acceptor, std::string const& path);
    /// Removes the file, unless it is another process's by now. Does nothing before listen().
    void remove() noexcept;

private:
    std::string path_; ///< empty: there is none
    std::string lock_path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

} // namespace otpd::http
