/// A pooled connection that died costs no request and sends none twice.

#include "fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace otpd::test;

BOOST_FIXTURE_TEST_SUITE(stale_connection, client_fixture)

namespace {

boost::asio::awaitable<void> answer_forever(scripted_server* server, scripted_connection& peer) {
    for (;;) {
        auto request = co_await peer.read_request();
        if (request.empty()) co_return;
        server->note(std::move(request));
        auto reply = http_reply(200, client_fixture::accepted_body());
        co_await peer.write(std::move(reply));
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(a_send_over_verified_tls_is_accepted) {
    scripted_server* self = nullptr;
    scripted_server server(server_identity, [&](scripted_connection& peer) {
        return answer_forever(self, peer);
    });
    self = &server;
    bridgexapi::client client(context.get_executor(), options(server.port()), random, observer);

    auto const outcome = send(client);
    auto const* accepted = std::get_if<bridgexapi::accepted>(&outcome);
    BOOST_TEST_REQUIRE(accepted, describe(outcome));
    BOOST_TEST(accepted->order_id.value() == "22953");
    BOOST_TEST(accepted->bx_message_id.value() == "BX-22953-c5f4f53431ed22c2");
    BOOST_TEST(accepted->cost->micros() == 87'000);
    drain(client);
}

/// The case that no check before a write can save: the FIN is on its way while the next request is
/// written. 1,000 is the number.
void thousand_sends_to_a_server_that_closes_silently(client_fixture& f, std::size_t parallel,
                                                     std::size_t threads) {
    constexpr std::size_t sends = 1'000;
    scripted_server* self = nullptr;
    scripted_server server(f.server_identity,
                           [&](scripted_connection& peer) -> boost::asio::awaitable<void> {
                               auto request = co_await peer.read_request();
                               if (request.empty()) co_return;
                               self->note(std::move(request));
                               auto reply = http_reply(200, client_fixture::accepted_body());
                               co_await peer.write(std::move(reply));
                           });
    self = &server;
    bridgexapi::client client(f.context.get_executor(), f.options(server.port()), f.random,
                              f.observer);

    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> running = parallel;
    std::mutex mutex;
    std::map<std::string, int> outcomes;
    auto worker = [&]() -> boost::asio::awaitable<void> {
        for (auto n = next++; n < sends; n = next++) {
            auto const outcome = co_await client.send_sms(client_fixture::message(n),
                                                          deadline::in(client_fixture::plenty));
            std::lock_guard const lock(mutex);
            ++outcomes[describe(outcome)];
        }
        if (--running == 0) co_await client.drain(deadline::in(client_fixture::plenty));
    };
    for (std::size_t i = 0; i < parallel; ++i)
        boost::asio::co_spawn(f.context, worker, [](std::exception_ptr thrown) {
            BOOST_TEST(!thrown);
        });
    run_on_threads(f.context, threads);

    BOOST_TEST(outcomes["accepted"] == static_cast<int>(sends));
    for (auto const& [what, count] : outcomes)
        BOOST_TEST_MESSAGE(what << ": " << count);
    auto const numbers = count_numbers(server.notes());
    BOOST_TEST(numbers.size() == sends);
    BOOST_TEST(server.notes().size() == sends);
}

BOOST_AUTO_TEST_CASE(silent_close_after_each_reply_one_at_a_time) {
    thousand_sends_to_a_server_that_closes_silently(*this, 1, 1);
}

BOOST_AUTO_TEST_CASE(silent_close_after_each_reply_sixteen_at_a_time) {
    thousand_sends_to_a_server_that_closes_silently(*this, 16, 3);
}

BOOST_AUTO_TEST_SUITE_END()
