/// The open messages of one endpoint.

#include "webhook/endpoint_queue.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using otpd::steady_time;
using otpd::webhook::endpoint_queue;
using otpd::webhook::message;

namespace {

struct fixture {
    endpoint_queue queue{3};
    steady_time const now{1h};
    std::string dropped; ///< by the last push

    bool push(std::string id, steady_time at) {
        auto what = std::make_shared<message>();
        what->id = std::move(id);
        otpd::webhook::queued fresh;
        fresh.webhook = std::move(what);
        auto const displaced = queue.push(std::move(fresh), at);
        dropped = displaced ? displaced->webhook->id : "";
        return !displaced;
    }
    bool push(std::string id) { return push(std::move(id), now); }
    /// The id of the message that is taken; empty if there is none.
    std::string take(steady_time at) {
        auto const taken = queue.take(at);
        return taken ? taken->webhook->id : "";
    }
    std::string take() { return take(now); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(webhook_queue, fixture)

BOOST_AUTO_TEST_CASE(is_first_come_first_served) {
    push("a");
    push("b");
    BOOST_TEST(take() == "a");
    BOOST_TEST(take() == "b");
    BOOST_TEST(take().empty());
}

BOOST_AUTO_TEST_CASE(gives_up_the_oldest_when_it_is_full) {
    BOOST_TEST(push("a"));
    BOOST_TEST(push("b"));
    BOOST_TEST(push("c"));
    BOOST_TEST(!push("d"));
    BOOST_TEST(dropped == "a");
    BOOST_TEST(queue.size() == 3u);
    BOOST_TEST(take() == "b");
    BOOST_TEST(take() == "c");
    BOOST_TEST(take() == "d");
}

// The oldest by arrival, not by its next attempt.
BOOST_AUTO_TEST_CASE(gives_up_one_that_waits_to_be_tried_again_too) {
    push("a");
    auto tried = queue.take(now);
    queue.put_back(std::move(*tried), now + 1h);
    push("b");
    push("c");
    BOOST_TEST(!push("d"));
    BOOST_TEST(take(now + 2h) == "b");
    BOOST_TEST(take(now + 2h) == "c");
    BOOST_TEST(take(now + 2h) == "d");
    BOOST_TEST(take(now + 2h).empty());
}

BOOST_AUTO_TEST_CASE(counts_what_is_being_sent_and_never_gives_that_up) {
    for (auto const* id : {"a", "b", "c"})
        push(id);
    auto a = queue.take(now);
    auto b = queue.take(now);
    auto c = queue.take(now);
    BOOST_TEST(!push("d"));
    BOOST_TEST(dropped == "d");
    BOOST_TEST(queue.size() == 3u);
    BOOST_TEST(queue.taken() == 3u);
    queue.put_back(std::move(*c), now + 1s);
    queue.done();
    BOOST_TEST(queue.size() == 2u);
    BOOST_TEST(push("e"));
    BOOST_TEST(take() == "e");
    BOOST_TEST(take().empty());
    BOOST_TEST(take(now + 1s) == "c");
}

BOOST_AUTO_TEST_CASE(keeps_each_until_its_time) {
    push("a");
    auto a = queue.take(now);
    a->tries = 1;
    queue.put_back(std::move(*a), now + 5s);
    BOOST_TEST(take(now + 5s - 1ns).empty());
    BOOST_CHECK(queue.next_due() == now + 5s);
    auto const again = queue.take(now + 5s);
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->tries == 1u);
    BOOST_CHECK(queue.next_due() == std::nullopt);
}

BOOST_AUTO_TEST_CASE(lets_no_old_message_keep_a_new_one_waiting) {
    push("a");
    auto a = queue.take(now);
    queue.put_back(std::move(*a), now + 6h);
    push("b");
    BOOST_TEST(take() == "b");
}

BOOST_AUTO_TEST_CASE(rests_as_long_as_the_receiver_asks) {
    queue.rest_until(now + 10s);
    queue.rest_until(now + 5s);
    push("a");
    BOOST_TEST(take(now + 10s - 1ns).empty());
    BOOST_CHECK(queue.next_due() == now + 10s);
    BOOST_TEST(take(now + 10s) == "a");
}

BOOST_AUTO_TEST_CASE(can_be_given_up_except_for_what_is_being_sent) {
    for (auto const* id : {"a", "b", "c"})
        push(id);
    BOOST_TEST(take() == "a");
    BOOST_TEST(queue.clear().size() == 2u);
    BOOST_TEST(queue.size() == 1u);
    BOOST_TEST(take().empty());
    BOOST_CHECK(queue.next_due() == std::nullopt);
}

BOOST_AUTO_TEST_SUITE_END()
