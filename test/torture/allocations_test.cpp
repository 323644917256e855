// Lets the n-th allocation of a request fail, for every n. The result must be a problem or a closed
// connection, nothing may be sent twice, and other requests must be served.

#include "counted_allocations.hpp"
#include "in_process_service.hpp"
#include "integration/service/service_fixture.hpp"
#include "ordinary_requests.hpp"
#include "scenario.hpp"

#include <optional>

using namespace otpd::test;

namespace {

struct scarce_memory {
    in_process_service service{allocations::count_this_thread};
    scenario what{"allocations", "the n-th allocation on the way of a request fails"};
    unsigned long long numbers = 31'614'000'000ULL;
    std::chrono::steady_clock::duration longest{};

    ~scarce_memory() { what.waited(longest); }

    /// Returns the answer, or nothing if the connection was closed instead. Throws if neither
    /// happens.
    std::optional<raw_reply> ask(raw_client& on, http_request const& request) {
        auto const began = std::chrono::steady_clock::now();
        on.send(request.text());
        auto reply = on.read_reply();
        longest = std::max(longest, std::chrono::steady_clock::now() - began);
        return reply;
    }
    unsigned ask_anew(http_request const& request) {
        raw_client fresh(service.port());
        auto const reply = ask(fresh, request);
        return reply ? reply->status : 0;
    }

    /// Sends `request_for` a number, for n = 1, 2, ...; `check` checks the result. With
    /// `connecting`, the connection's own allocations may fail as well.
    template <class Request, class Check>
    std::size_t fail_each(bool connecting, Request request_for, Check check) {
        std::size_t n = 1;
        for (bool reached = true; reached; ++n) {
            auto const number = std::to_string(++numbers);
            auto const request = request_for(number);
            std::optional<raw_client> client;
            if (!connecting) {
                client.emplace(service.port());
                BOOST_REQUIRE(
                    ask(*client, get("/livez")).has_value()); // the connection exists and was used
            }
            allocations::fail_nth(n);
            if (connecting) client.emplace(service.port());
            auto const reply = ask(*client, request);
            reached = allocations::disarm();
            if (reached) what.add_rounds();
            BOOST_TEST_CONTEXT("allocation " << n) {
                if (reply && reply->status >= 400 && reached) check_problem(*reply);
                check(number, reply, reached);
                BOOST_REQUIRE(ask_anew(get("/livez")) == 200U);
            }
        }
        return n;
    }

    /// Whatever the answer was, there is at most one SMS, even after a repeated request.
    void check_sent(std::string const& number, std::optional<raw_reply> const& reply,
                    bool reached) {
        auto const sent = service.gateway.sent_to(number);
        if (reply && reply->status == 200) BOOST_TEST(sent == 1U);
        if (!reached) BOOST_TEST((reply && reply->status == 200));
        BOOST_TEST(sent <= 1U);
        auto const again = ask_anew(keyed(number));
        BOOST_TEST(again != 0U);
        BOOST_TEST(service.gateway.sent_to(number) <= 1U);
        if (service.gateway.sent_to(number) == 0) return;
        auto const code = service.gateway.last_code(number);
        BOOST_TEST(ask_anew(service_fixture::verify_request(number, code)) == 200U);
        BOOST_TEST(ask_anew(service_fixture::verify_request(number, code)) == 404U);
    }
    static http_request keyed(std::string const& number) {
        return service_fixture::send_request(number).with("Idempotency-Key", '"' + number + '"');
    }
    /// A send to a number without a code.
    std::string send_to(std::string const& number) {
        BOOST_REQUIRE(ask_anew(service_fixture::send_request(number)) == 200U);
        return service.gateway.last_code(number);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(nth_allocation, scarce_memory)

BOOST_AUTO_TEST_CASE(of_a_send) {
    auto const count =
        fail_each(false, keyed, [this](auto const& number, auto const& reply, bool reached) {
            check_sent(number, reply, reached);
        });
    BOOST_TEST(count > 10U);
}

BOOST_AUTO_TEST_CASE(of_a_check) {
    std::string code;
    fail_each(
        false,
        [&](std::string const& number) {
            code = send_to(number);
            return service_fixture::verify_request(number, code);
        },
        [&](std::string const& number, std::optional<raw_reply> const& reply, bool reached) {
            bool const answered = reply && reply->status == 200;
            if (!reached) BOOST_TEST(answered);
            auto const later = ask_anew(service_fixture::verify_request(number, code));
            if (answered) BOOST_TEST(later == 404U);
            BOOST_TEST((later == 404U || later == 200U));
            BOOST_TEST(ask_anew(service_fixture::verify_request(number, code)) == 404U);
        });
}

BOOST_AUTO_TEST_CASE(of_a_wrong_guess) {
    std::string wrong;
    fail_each(
        false,
        [&](std::string const& number) {
            wrong = wrong_code(send_to(number));
            return service_fixture::verify_request(number, wrong);
        },
        [&](std::string const& number, std::optional<raw_reply> const& reply, bool) {
            unsigned evaluated = reply && reply->status == 400 ? 1 : 0;
            while (ask_anew(service_fixture::verify_request(number, wrong)) == 400)
                ++evaluated;
            BOOST_TEST(evaluated <= 5U);
            BOOST_TEST(evaluated >= 4U); // the unanswered guess may have been counted
        });
}

BOOST_AUTO_TEST_CASE(of_a_refused_body) {
    fail_each(
        false, [](std::string const&) { return post("/send-otp", {{"phone_number", "12"}}); },
        [](std::string const&, std::optional<raw_reply> const& reply, bool reached) {
            if (!reached) BOOST_TEST((reply && reply->status == 422));
        });
}

BOOST_AUTO_TEST_CASE(of_a_new_connection) {
    fail_each(
        true, [](std::string const&) { return get("/health"); },
        [](std::string const&, std::optional<raw_reply> const& reply, bool reached) {
            if (!reached) BOOST_TEST((reply && reply->status == 200));
        });
}

BOOST_AUTO_TEST_SUITE_END()
