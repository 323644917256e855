#include "http_fixture.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace otpd::test {

namespace {

constexpr std::string_view get_hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/// Takes every descriptor that a lowered RLIMIT_NOFILE leaves; gives all back at its end.
class descriptor_famine {
public:
    descriptor_famine() {
        getrlimit(RLIMIT_NOFILE, &before_);
        rlimit lowered = before_;
        lowered.rlim_cur = 200;
        setrlimit(RLIMIT_NOFILE, &lowered);
        for (int d = ::open("/dev/null", O_RDONLY | O_CLOEXEC); d >= 0;
             d = ::open("/dev/null", O_RDONLY | O_CLOEXEC))
            taken_.push_back(d);
    }
    descriptor_famine(descriptor_famine const&) = delete;
    descriptor_famine& operator=(descriptor_famine const&) = delete;
    ~descriptor_famine() {
        end();
        setrlimit(RLIMIT_NOFILE, &before_);
    }
    void end() {
        for (int d : taken_)
            ::close(d);
        taken_.clear();
    }
    void give_back_one() {
        ::close(taken_.back());
        taken_.pop_back();
    }

private:
    rlimit before_{};
    std::vector<int> taken_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(http_limits)

BOOST_AUTO_TEST_CASE(clients_over_the_cap_get_503_and_room_is_reused) {
    auto options = patient_options();
    options.connections_max = 2;
    http_fixture server(options);
    auto first = server.connect();
    auto second = server.connect();
    for (auto* c : {&first, &second}) {
        c->send(get_hello);
        BOOST_TEST(c->read_reply().value().status == 200u);
    }
    for (int i = 0; i < 10; ++i) {
        auto third = server.connect();
        third.send(get_hello);
        auto const reply = third.read_reply().value();
        BOOST_TEST(reply.status == 503u);
        BOOST_TEST(reply.field("Retry-After") == "1");
        BOOST_TEST(reply.field("Connection") == "close");
        BOOST_TEST(third.at_end());
    }
    BOOST_TEST(server.seen.refused == 10);
    BOOST_TEST(server.handled == 2);
    first.send(get_hello);
    BOOST_TEST(first.read_reply().value().status == 200u);

    first.reset();
    eventually([&] { return server.seen.closed == 1; });
    auto next = server.connect();
    next.send(get_hello);
    BOOST_TEST(next.read_reply().value().status == 200u);
}

BOOST_AUTO_TEST_CASE(a_flood_over_the_cap_is_bounded_too) {
    auto options = patient_options();
    options.connections_max = 1;
    http_fixture server(options);
    auto first = server.connect();
    first.send(get_hello);
    BOOST_TEST(first.read_reply().value().status == 200u);
    std::vector<raw_client> flood;
    for (int i = 0; i < 200; ++i)
        flood.push_back(server.connect());
    for (auto& c : flood) {
        auto const reply = c.read_reply();
        if (reply) BOOST_TEST(reply->status == 503u);
    }
    BOOST_TEST(server.seen.refused == 200);
    first.send(get_hello);
    BOOST_TEST(first.read_reply().value().status == 200u);
}

BOOST_AUTO_TEST_CASE(running_out_of_descriptors_is_survived) {
    http_fixture server;
    auto before = server.connect();
    before.send(get_hello);
    BOOST_TEST(before.read_reply().value().status == 200u);

    descriptor_famine famine;
    famine.give_back_one(); // for the client's own end
    auto waiting = server.connect();
    waiting.send(get_hello);
    eventually([&] { return server.seen.accept_failures >= 2; });
    before.send(get_hello);
    BOOST_TEST(before.read_reply().value().status == 200u);

    famine.end();
    BOOST_TEST(waiting.read_reply().value().status == 200u);
}

BOOST_AUTO_TEST_CASE(a_taken_address_is_an_exception) {
    http_fixture server;
    boost::asio::io_context context;
    http::router routes;
    http::observer events;
    http::server_options options;
    options.port = server.port();
    http::server other(context, options, routes, events);
    BOOST_CHECK_THROW(other.listen(), boost::system::system_error);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
