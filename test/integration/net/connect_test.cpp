/// Which of several addresses a connection uses, over real sockets.

#include "coroutines.hpp"
#include "net/connection.hpp"
#include "otpd/net/run_on.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>

namespace asio = boost::asio;
using asio::ip::tcp;
using otpd::deadline;
using otpd::net::connection;
using namespace std::chrono_literals;

namespace {

struct fixture {
    asio::io_context context;
    tcp::endpoint const loopback{asio::ip::address_v4::loopback(), 0};
    otpd::net::origin target = otpd::net::parse_base_url("http://127.0.0.1:1").value();

    otpd::net::connect_result connect(otpd::net::endpoints addresses,
                                      std::chrono::milliseconds in) {
        auto made = std::make_shared<connection>(context.get_executor(), target, nullptr,
                                                 otpd::net::tls_session(),
                                                 otpd::net::connection_limits(), nullptr);
        auto const result = otpd::test::run(
            context, otpd::net::run_on(made->executor(),
                                       made->connect(std::move(addresses), deadline::in(in))));
        made->abort();
        return result;
    }

    /// An address that refuses. Its port is kept by a socket that is bound and does not listen.
    tcp::endpoint refusing() {
        auto& held = held_.emplace_back(context, tcp::v4());
        held.bind(loopback);
        return held.local_endpoint();
    }

    /// An address that drops packets: a listener whose queue is full.
    tcp::endpoint silent() {
        auto& listener = listeners_.emplace_back(context, tcp::v4());
        listener.bind(loopback);
        listener.listen(0);
        for (bool full = false; !full;) {
            auto& filler = held_.emplace_back(context, tcp::v4());
            auto const connected = std::make_shared<bool>(false);
            filler.async_connect(listener.local_endpoint(),
                                 [connected](boost::system::error_code ec) { *connected = !ec; });
            context.restart();
            context.run_one_for(200ms);
            full = !*connected;
        }
        return listener.local_endpoint();
    }

private:
    std::deque<tcp::socket> held_;
    std::deque<tcp::acceptor> listeners_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(connect_to_one_of_several_addresses, fixture)

// An address that refuses costs the request nothing: the next one is tried.
BOOST_AUTO_TEST_CASE(goes_on_to_the_next_when_one_refuses) {
    tcp::acceptor const good(context, loopback);
    BOOST_TEST(connect({refusing(), good.local_endpoint()}, 10s).connected);
    BOOST_TEST(connect({refusing(), refusing(), good.local_endpoint()}, 10s).connected);
}

// An address that never answers gets its share of the time, so that the others get theirs.
BOOST_AUTO_TEST_CASE(goes_on_to_the_next_when_one_never_answers) {
    tcp::acceptor const good(context, loopback);
    BOOST_TEST(connect({silent(), good.local_endpoint()}, 500ms).connected);
}

// If all addresses fail, the failure is that of the last one, and the upstream was never reached.
BOOST_AUTO_TEST_CASE(fails_when_every_address_has_failed) {
    auto const result = connect({refusing(), refusing()}, 10s);
    BOOST_TEST(!result.connected);
    BOOST_CHECK(result.why == otpd::net::exchange_error::connect_failed);
    BOOST_TEST(result.error == asio::error::connection_refused);
}

BOOST_AUTO_TEST_CASE(fails_when_there_is_no_address) {
    BOOST_TEST(connect({}, 10s).error == asio::error::host_not_found);
}

BOOST_AUTO_TEST_SUITE_END()
