/// Tests against the kernel itself the proof that decides whether an SMS may be sent again.

#include "net/sent_bytes.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <linux/sockios.h>
#include <stdexcept>
#include <string>

using otpd::net::sent_bytes_mark;
using otpd::net::stream_end;

namespace {

class socket_handle {
public:
    explicit socket_handle(int handle) : handle_(handle) { BOOST_TEST_REQUIRE(handle >= 0); }
    ~socket_handle() { close(); }
    socket_handle(socket_handle const&) = delete;
    socket_handle& operator=(socket_handle const&) = delete;

    [[nodiscard]] int get() const noexcept { return handle_; }
    void close() noexcept {
        if (handle_ >= 0) ::close(handle_);
        handle_ = -1;
    }
    void reset() noexcept {
        linger const at_once{1, 0};
        ::setsockopt(handle_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

private:
    int handle_;
};

int listen_on_loopback(sockaddr_in& address) {
    int const handle = ::socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (handle < 0 || ::bind(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot bind");
    ::listen(handle, 1);
    socklen_t length = sizeof address;
    ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &length);
    return handle;
}

int connect_to(sockaddr_in const& address) {
    int const handle = ::socket(AF_INET, SOCK_STREAM, 0);
    if (handle < 0 ||
        ::connect(handle, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect");
    return handle;
}

/// The two ends of a connection that has carried data already.
struct connected_pair {
    sockaddr_in address{};
    socket_handle listener{listen_on_loopback(address)};
    socket_handle client{connect_to(address)};
    socket_handle server{::accept(listener.get(), nullptr, nullptr)};

    connected_pair() {
        BOOST_TEST(send("earlier exchange") == 16);
        BOOST_TEST(receive(server) == 16);
        wait_until_acknowledged();
    }
    /// The bytes that the kernel took, or -errno.
    [[nodiscard]] long send(std::string const& bytes) const {
        auto const n = ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return n < 0 ? -errno : n;
    }
    static long receive(socket_handle const& from) {
        std::array<char, 256> bytes;
        auto const n = ::recv(from.get(), bytes.data(), bytes.size(), 0);
        return n < 0 ? -errno : n;
    }
    void wait_for_news() const {
        pollfd query{client.get(), POLLIN | POLLRDHUP, 0};
        BOOST_TEST_REQUIRE(::poll(&query, 1, 60'000) == 1);
    }
    void wait_until_acknowledged() const {
        int queued = 1;
        while (queued != 0)
            BOOST_TEST_REQUIRE(::ioctl(client.get(), SIOCOUTQ, &queued) == 0);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(sent_bytes, connected_pair)

BOOST_AUTO_TEST_CASE(written_after_the_peer_closed) {
    server.close();
    wait_for_news();
    sent_bytes_mark const mark(client.get());
    BOOST_TEST(send("request") == 7);
    BOOST_TEST(receive(client) == 0);
    BOOST_TEST(mark.nothing_arrived(client.get(), stream_end::peer_closed));
    // The same counters prove nothing without the peer's FIN.
    BOOST_TEST(!mark.nothing_arrived(client.get(), stream_end::other));
}

BOOST_AUTO_TEST_CASE(written_after_the_peer_reset) {
    server.reset();
    wait_for_news();
    sent_bytes_mark const mark(client.get());
    BOOST_TEST(send("request") == -ECONNRESET);
    BOOST_TEST(mark.nothing_arrived(client.get(), stream_end::other));
}

BOOST_AUTO_TEST_CASE(read_by_the_peer_which_then_closed) {
    sent_bytes_mark const mark(client.get());
    BOOST_TEST(send("request") == 7);
    BOOST_TEST(receive(server) == 7);
    server.close();
    BOOST_TEST(receive(client) == 0);
    BOOST_TEST(!mark.nothing_arrived(client.get(), stream_end::peer_closed));
    BOOST_TEST(!mark.nothing_arrived(client.get(), stream_end::other));
}

/// Its kernel had the bytes; whether its program read them is not visible from here.
BOOST_AUTO_TEST_CASE(closed_by_the_peer_without_reading) {
    sent_bytes_mark const mark(client.get());
    BOOST_TEST(send("request") == 7);
    server.close();
    BOOST_TEST(receive(client) == -ECONNRESET);
    BOOST_TEST(!mark.nothing_arrived(client.get(), stream_end::other));
}

BOOST_AUTO_TEST_CASE(read_by_the_peer_which_then_reset) {
    sent_bytes_mark const mark(client.get());
    BOOST_TEST(send("request") == 7);
    BOOST_TEST(receive(server) == 7);
    server.reset();
    BOOST_TEST(receive(client) == -ECONNRESET);
    BOOST_TEST(!mark.nothing_arrived(client.get(), stream_end::other));
}

/// A peer that has only ended its own side, and has the bytes now.
BOOST_AUTO_TEST_CASE(half_closed_peer_that_acknowledges) {
    ::shutdown(server.get(), SHUT_WR);
    wait_for_news();
    sent_bytes_mark const mark(client.get());
    BOOST_TEST(send("request") == 7);
    wait_until_acknowledged();
    BOOST_TEST(receive(client) == 0);
    BOOST_TEST(!mark.nothing_arrived(client.get(), stream_end::peer_closed));
}

BOOST_AUTO_TEST_CASE(still_open) {
    sent_bytes_mark const mark(client.get());
    BOOST_TEST(!mark.nothing_arrived(client.get(), stream_end::other));
    BOOST_TEST(send("request") == 7);
    BOOST_TEST(!mark.nothing_arrived(client.get(), stream_end::other));
}

BOOST_AUTO_TEST_CASE(no_socket_no_proof) {
    sent_bytes_mark const none(-1);
    BOOST_TEST(!none.nothing_arrived(client.get(), stream_end::peer_closed));
    sent_bytes_mark const mark(client.get());
    BOOST_TEST(!mark.nothing_arrived(-1, stream_end::peer_closed));
}

BOOST_AUTO_TEST_SUITE_END()
