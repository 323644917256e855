#include "coroutines.hpp"
#include "net/endpoint_cache.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>

namespace asio = boost::asio;
using otpd::deadline;
using otpd::net::endpoint_cache;
using otpd::net::endpoints;
using namespace std::chrono_literals;

namespace {

struct answer {
    boost::system::error_code error;
    endpoints found;
};

answer address(std::string const& text) {
    return {{}, {{asio::ip::make_address(text), 443}}};
}

answer failure() {
    return {asio::error::host_not_found_try_again, {}};
}

/// A scripted name server: it returns answers in order and stops answering when it has none left.
struct scripted_resolver {
    std::deque<answer> answers;
    std::vector<otpd::net::looked_up_handler> unanswered;
    int asked = 0;

    otpd::net::look_up_function function() {
        return [this](std::string const&, std::uint16_t, otpd::net::looked_up_handler done) {
            ++asked;
            if (answers.empty()) {
                unanswered.push_back(std::move(done));
                return;
            }
            auto next = std::move(answers.front());
            answers.pop_front();
            done(next.error, std::move(next.found));
        };
    }
};

struct fixture {
    asio::io_context context;
    scripted_resolver resolver;

    std::shared_ptr<endpoint_cache> cache(std::string host,
                                          otpd::net::endpoint_cache_options options) {
        return std::make_shared<endpoint_cache>(context.get_executor(), std::move(host), 443,
                                                resolver.function(), options);
    }
    std::string get(endpoint_cache& from, std::chrono::milliseconds wait = 10s) {
        auto const found = otpd::test::run(context, from.get(deadline::in(wait)));
        context.restart();
        context.poll(); // a background look-up reports
        return found.empty() ? "none" : found.front().address().to_string();
    }
};

constexpr otpd::net::endpoint_cache_options always_due{.refresh_after = 0ms, .retry_after = 0ms};
constexpr otpd::net::endpoint_cache_options never_due_again{.refresh_after = 1h, .retry_after = 1h};

} // namespace

BOOST_FIXTURE_TEST_SUITE(endpoint_cache_rules, fixture)

// A host that is an address needs no look-up.
BOOST_AUTO_TEST_CASE(an_address_needs_no_lookup) {
    auto const made = cache("192.0.2.7", always_due);
    BOOST_TEST(get(*made) == "192.0.2.7");
    BOOST_TEST(resolver.asked == 0);
}

// One look-up serves every request until its answer must be refreshed.
BOOST_AUTO_TEST_CASE(an_answer_is_kept_until_it_is_due) {
    resolver.answers = {address("192.0.2.1"), address("192.0.2.2")};
    auto const made = cache("upstream.example", never_due_again);
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(get(*made) == "192.0.2.1");
    BOOST_TEST(resolver.asked == 1);
}

// No request waits for a refresh: it uses the current answer, and the next one gets the new answer.
BOOST_AUTO_TEST_CASE(a_renewal_happens_behind_the_requests) {
    resolver.answers = {address("192.0.2.1")};
    auto const made = cache("upstream.example", always_due);
    BOOST_TEST(get(*made) == "192.0.2.1");
    BOOST_TEST(get(*made) == "192.0.2.1"); // starts a look-up that is not answered
    BOOST_TEST(get(*made) == "192.0.2.1"); // does not start another one meanwhile
    BOOST_REQUIRE(resolver.unanswered.size() == 1);
    resolver.unanswered.front()({}, address("192.0.2.2").found);
    BOOST_TEST(get(*made) == "192.0.2.2");
}

// A failed refresh does not make a known upstream unreachable.
BOOST_AUTO_TEST_CASE(the_last_good_answer_outlives_a_failed_renewal) {
    resolver.answers = {address("192.0.2.1"), failure(), address("192.0.2.2")};
    auto const made = cache("upstream.example", always_due);
    BOOST_TEST(get(*made) == "192.0.2.1");
    BOOST_TEST(get(*made) == "192.0.2.1"); // refresh fails
    BOOST_TEST(get(*made) == "192.0.2.1"); // refresh is tried again
    BOOST_TEST(get(*made) == "192.0.2.2");
}

// After a failed first look-up, the next one starts after retry_after, and not before.
BOOST_AUTO_TEST_CASE(a_failed_lookup_is_retried_but_not_at_once) {
    resolver.answers = {failure(), address("192.0.2.1")};
    auto const patient = cache("upstream.example", never_due_again);
    BOOST_TEST(get(*patient) == "none");
    BOOST_TEST(get(*patient) == "none");
    BOOST_TEST(resolver.asked == 1);

    resolver.answers.push_front(failure());
    auto const eager = cache("upstream.example", always_due);
    BOOST_TEST(get(*eager) == "none");
    BOOST_TEST(get(*eager) == "192.0.2.1");
}

// If the name server never answers, a request waits until its deadline, and one look-up serves all
// requests.
BOOST_AUTO_TEST_CASE(a_request_waits_no_longer_than_its_deadline) {
    auto const made = cache("upstream.example", always_due);
    BOOST_TEST(get(*made, 1ms) == "none");
    BOOST_TEST(get(*made, 1ms) == "none");
    BOOST_TEST(resolver.asked == 1);
    resolver.unanswered.clear();
}

BOOST_AUTO_TEST_SUITE_END()
