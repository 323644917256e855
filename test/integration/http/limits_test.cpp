#include "http_fixture.hpp"

#include <boost/scope/scope_exit.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace otpd::test {

namespace {

/// Takes every descriptor that a lowered RLIMIT_NOFILE leaves, and returns all in its destructor.
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

BOOST_AUTO_TEST_CASE(clients_over_the_cap_get_503_while_all_have_requests_and_room_is_reused) {
    auto options = patient_options();
    options.connections_max = 2;
    http_fixture server(options);
    auto first = server.connect();
    auto second = server.connect();
    for (auto* c : {&first, &second})
        c->send(get_wait);
    eventually([&] { return server.waiting == 2; });
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
    BOOST_TEST(server.seen.refused_by_address == 0);
    BOOST_TEST(server.handled == 2);
    server.release = true;
    for (auto* c : {&first, &second}) {
        BOOST_TEST(c->read_reply().value().status == 200u);
        c->send("GET /hel"); // a partial request counts as well
    }

    first.reset();
    eventually([&] { return server.seen.closed == 1; });
    auto next = server.connect();
    next.send(get_hello);
    BOOST_TEST(next.read_reply().value().status == 200u);
    second.send("lo HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(second.read_reply().value().status == 200u);
}

// A silent connection does not exclude other clients.
BOOST_AUTO_TEST_CASE(when_full_the_connection_idle_longest_is_closed_for_the_new_one) {
    auto options = patient_options();
    options.connections_max = 3;
    http_fixture server(options);
    auto first = server.connect();
    auto busy = server.connect();
    auto second = server.connect();
    busy.send(get_wait);
    eventually([&] { return server.waiting == 1 && server.seen.opened == 3; });

    auto third = server.connect();
    BOOST_TEST(first.at_end());
    BOOST_TEST(!first.was_reset());
    auto fourth = server.connect();
    BOOST_TEST(second.at_end()); // and not the busy one, which is older
    fourth.send(get_wait);
    eventually([&] { return server.waiting == 2; });
    auto fifth = server.connect();
    BOOST_TEST(third.at_end());
    eventually([&] { return server.seen.evicted == 3; });
    server.release = true;
    BOOST_TEST(busy.read_reply().value().status == 200u);
    BOOST_TEST(fourth.read_reply().value().status == 200u);
    fifth.send(get_hello);
    BOOST_TEST(fifth.read_reply().value().status == 200u);
    BOOST_TEST(server.seen.refused == 0);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_between_two_requests_is_closed_for_a_new_one) {
    auto options = patient_options();
    options.connections_max = 1;
    http_fixture server(options);
    auto kept = server.connect();
    kept.send(get_hello);
    BOOST_TEST(kept.read_reply().value().status == 200u);
    eventually([&] { // it becomes idle a moment after its answer
        auto next = server.connect();
        next.send(get_hello);
        return next.read_reply().value().status == 200u;
    });
    BOOST_TEST(kept.at_end());
}

BOOST_AUTO_TEST_CASE(a_trusted_proxys_connection_is_never_closed_for_another) {
    auto options = patient_options();
    options.connections_max = 2;
    options.connections_per_address_max = 1;
    options.trusted_proxies = {http::address_range::parse("127.0.0.1").value()};
    http_fixture server(options);
    auto first = server.connect();
    auto second = server.connect();
    eventually([&] { return server.seen.opened == 2; });
    for (int i = 0; i < 10; ++i) {
        auto stranger = server.connect_from("127.0.0.2");
        BOOST_TEST(stranger.read_reply().value().status == 503u);
    }
    for (auto* c : {&first, &second}) {
        c->send(get_hello);
        BOOST_TEST(c->read_reply().value().status == 200u);
    }
    BOOST_TEST(server.seen.evicted == 0);
    BOOST_TEST(server.seen.refused_by_address == 0);
}

BOOST_AUTO_TEST_CASE(an_address_with_too_many_connections_gets_503_and_others_are_served) {
    auto options = patient_options();
    options.connections_per_address_max = 2;
    http_fixture server(options);
    auto first = server.connect_from("127.0.0.2");
    auto second = server.connect_from("127.0.0.2");
    for (int i = 0; i < 10; ++i) {
        auto third = server.connect_from("127.0.0.2");
        third.send(get_hello);
        auto const reply = third.read_reply().value();
        BOOST_TEST(reply.status == 503u);
        BOOST_TEST(reply.body.find("\"code\":\"too_many_connections\"") != std::string::npos);
        BOOST_TEST(third.at_end());
    }
    BOOST_TEST(server.seen.refused_by_address == 10);
    for (auto const* source : {"127.0.0.1", "127.0.0.3"}) {
        auto other = server.connect_from(source);
        other.send(get_hello);
        BOOST_TEST(other.read_reply().value().status == 200u);
    }
    first.reset();
    eventually([&] {
        auto third = server.connect_from("127.0.0.2");
        third.send(get_hello);
        return third.read_reply().value().status == 200u;
    });
    second.send(get_hello);
    BOOST_TEST(second.read_reply().value().status == 200u);
    BOOST_TEST(server.seen.evicted == 0);
}

// A request that the server has begun to read is answered, however many connections arrive.
BOOST_AUTO_TEST_CASE(no_request_is_lost_while_connections_are_closed_for_others) {
    auto options = patient_options();
    options.connections_max = 8;
    http_fixture server(options);
    std::atomic<int> answered = 0;
    std::atomic<int> broken = 0;
    std::atomic<bool> enough = false;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] {
            while (!enough) {
                try {
                    auto client = server.connect();
                    while (!enough && client.send(get_hello)) {
                        auto const reply = client.read_reply();
                        if (!reply || reply->status == 503)
                            break; // closed while it was idle, or the server was full
                        if (reply->status != 200) ++broken;
                        ++answered;
                    }
                } catch (std::exception const&) {
                    ++broken; // cut off within a reply
                }
            }
        });
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] {
            while (!enough) {
                std::vector<raw_client> silent;
                for (int n = 0; n < 8; ++n)
                    silent.push_back(server.connect());
            }
        });
    auto const stop_all = boost::scope::make_scope_exit([&] {
        enough = true;
        threads.clear(); // joins them
    });
    eventually([&] { return answered > 500 && server.seen.evicted > 50; });
    enough = true;
    threads.clear();
    BOOST_TEST(broken == 0);
    BOOST_TEST(answered == server.handled);
}

BOOST_AUTO_TEST_CASE(a_flood_over_the_cap_is_bounded_too) {
    auto options = patient_options();
    options.connections_max = 1;
    http_fixture server(options);
    auto first = server.connect();
    first.send(get_wait);
    eventually([&] { return server.waiting == 1; });
    std::vector<raw_client> flood;
    for (int i = 0; i < 200; ++i)
        flood.push_back(server.connect());
    for (auto& c : flood) {
        auto const reply = c.read_reply();
        if (reply) BOOST_TEST(reply->status == 503u);
    }
    BOOST_TEST(server.seen.refused == 200);
    server.release = true;
    BOOST_TEST(first.read_reply().value().status == 200u);
}

BOOST_AUTO_TEST_CASE(running_out_of_descriptors_is_survived) {
    http_fixture server;
    auto before = server.connect();
    before.send(get_hello);
    BOOST_TEST(before.read_reply().value().status == 200u);

    descriptor_famine famine;
    famine.give_back_one(); // for the client's own socket
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
