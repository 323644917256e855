// Releases of numbers by an operator: whose number, and what the log says.

#include "domain_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace otpd::test;
using otp::errc;
using store::release_part;

namespace {

otp::outcome<store::released> release(domain_fixture& f, release_part what,
                                      std::string client = "default") {
    otp::release_request request{f.who(), std::move(client), *phone_number::parse(one_number), what,
                                 "ticket 4711"};
    return f.run(f.context, f.domain.releaser.release(std::move(request)));
}

bool has(std::string const& log, std::string_view text) {
    return log.find(text) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(number_releases)

BOOST_AUTO_TEST_CASE(forget_what_is_asked_for_and_say_so_in_the_log) {
    domain_fixture f;
    f.send();
    f.verify(f.wrong_code());
    BOOST_TEST((release(f, release_part::locks).value() == store::released{1, 0, 0}));
    BOOST_TEST((release(f, release_part::devices).value() == store::released{}));
    auto const log = f.logged();
    for (auto const* line :
         {R"("level":"warn","event":"number_unlocked","request_id":"req-1","by":"default",)"
          R"("client":"default","phone":"*******0670","reason":"ticket 4711","outcome":"done",)"
          R"("wrong_guesses":1,"failures_in_a_row":0})",
          R"("level":"warn","event":"devices_forgotten","request_id":"req-1","by":"default",)"
          R"("client":"default","phone":"*******0670","reason":"ticket 4711","outcome":"done",)"
          R"("devices":0})"})
        BOOST_TEST(has(log, line), log);
    BOOST_TEST(!has(log, one_number));
}

BOOST_AUTO_TEST_CASE(of_a_client_that_there_is_not_do_nothing) {
    domain_fixture f;
    BOOST_TEST((release(f, release_part::locks, "shop").error().code == errc::client_not_found));
    BOOST_TEST(!has(f.logged(), "number_unlocked"));
}

BOOST_AUTO_TEST_CASE(that_may_have_happened_are_in_the_log) {
    domain_fixture f;
    f.store.releases = false;
    BOOST_TEST((release(f, release_part::locks).error().code == errc::store_unavailable));
    BOOST_TEST(has(f.logged(), R"("outcome":"unknown","wrong_guesses":0)"));
}

/// Cancels at every moment of a release: each run is cancelled one step later.
BOOST_AUTO_TEST_CASE(that_happened_are_in_the_log_when_their_caller_leaves_at_any_moment) {
    std::size_t done = 0;
    bool ended_first = false;
    for (std::size_t steps = 0; !ended_first; ++steps) {
        domain_fixture f;
        f.send();
        f.verify(f.wrong_code());
        boost::asio::cancellation_signal signal;
        bool ended = false;
        auto one = [&]() -> boost::asio::awaitable<void> {
            co_await boost::asio::this_coro::reset_cancellation_state(
                boost::asio::enable_total_cancellation());
            otp::release_request request{f.who(), "default", *phone_number::parse(one_number),
                                         release_part::locks, "ticket 4711"};
            co_await f.domain.releaser.release(std::move(request));
        };
        boost::asio::co_spawn(f.context, one,
                              boost::asio::bind_cancellation_slot(
                                  signal.slot(), [&](std::exception_ptr) { ended = true; }));
        f.context.restart();
        for (std::size_t i = 0; i < steps && !ended; ++i)
            f.context.run_one();
        ended_first = ended;
        signal.emit(boost::asio::cancellation_type::all);
        run_on_threads(f.context, 1);
        bool const is_locked = release(f, release_part::locks).value() != store::released{};
        auto const log = f.logged(); // of both releases; the second found nothing unless is_locked
        bool const is_logged = log.find("number_unlocked") != log.rfind("number_unlocked");
        BOOST_TEST(is_logged == !is_locked);
        done += is_logged ? 1U : 0U;
    }
    BOOST_TEST(done > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
