/// The client against the fake upstream: every call, every refusal, every fault.

#include "bridgexapi_stub/server.hpp"
#include "eventually.hpp"
#include "fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>

using namespace otpd;
using namespace otpd::test;

namespace {

struct stub_fixture : client_fixture {
    stub_fixture() {
        bridgexapi_stub::server_options settings;
        settings.certificate_pem = server_identity.certificate_pem();
        settings.key_pem = server_identity.key_pem();
        stub.emplace(std::move(settings));
        stub->start();
        connect();
    }
    ~stub_fixture() {
        drain(*client);
        BOOST_TEST(stub->state().violations().empty());
    }
    stub_fixture(stub_fixture const&) = delete;
    stub_fixture& operator=(stub_fixture const&) = delete;

    void connect(std::string key = "stub-api-key",
                 std::chrono::milliseconds timeout = client_fixture::plenty) {
        if (client) drain(*client);
        auto to_stub = options(stub->port());
        to_stub.api_key = secret_string(std::move(key));
        to_stub.timeout = timeout;
        client.emplace(context.get_executor(), to_stub, random, observer);
    }
    std::string outcome() { return describe(send(*client)); }
    [[nodiscard]] std::size_t sends_received() {
        return stub->state().requests(bridgexapi_stub::endpoint::send_sms).size();
    }
    template <class T>
    T get(boost::asio::awaitable<bridgexapi::answer<T>> call) {
        auto result = run(context, std::move(call));
        BOOST_TEST_REQUIRE(result.has_value(), to_string(result.error().why));
        return *result;
    }
    static deadline soon() { return deadline::in(plenty); }

    std::optional<bridgexapi_stub::server> stub;
    std::optional<bridgexapi::client> client;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(against_the_stub, stub_fixture)

BOOST_AUTO_TEST_CASE(every_call) {
    auto const sent = send(*client, 7);
    auto const* receipt = std::get_if<bridgexapi::accepted>(&sent);
    BOOST_TEST_REQUIRE(receipt, describe(sent));
    auto const id = receipt->bx_message_id.value();
    auto const order = receipt->order_id.value();
    BOOST_TEST(receipt->cost->micros() == 91'000);
    BOOST_TEST_REQUIRE(stub->state().messages().size() == 1u);
    BOOST_TEST(stub->state().messages().front().text == message().text.reveal());

    auto const estimate = get(client->estimate_cost(message(), soon()));
    BOOST_TEST(estimate.estimated_cost.micros() == 91'000);
    BOOST_TEST(estimate.sufficient_balance);
    auto const balance = get(client->get_balance(soon()));
    BOOST_TEST((balance.amount == receipt->balance_after.value()));
    BOOST_TEST(balance.username.value() == "demo");

    auto const routes = get(client->list_routes(soon()));
    BOOST_TEST(routes.size() >= 5u);
    BOOST_TEST(get(client->get_pricing(3, soon())).size() > 10u);

    auto const delivery = get(client->get_delivery(id, soon()));
    BOOST_TEST(delivery.bx_message_id == id);
    BOOST_TEST(delivery.order_id.value() == order);
    bridgexapi::delivery_query query;
    query.msisdn = message(7).to.digits();
    BOOST_TEST(get(client->list_deliveries(query, soon())).reports.size() == 1u);
    query.msisdn = "31600000001";
    BOOST_TEST(get(client->list_deliveries(query, soon())).reports.empty());
    auto const of_order = get(client->list_order_deliveries(order, 500, 0, soon()));
    BOOST_TEST_REQUIRE(of_order.reports.size() == 1u);
    BOOST_TEST(of_order.reports.front().bx_message_id == id);
}

BOOST_AUTO_TEST_CASE(every_shape_of_lists_and_balance) {
    for (auto const* shape : {"array", "routes", "items", "data"}) {
        stub->state().configure(R"({"routes_shape":")" + std::string(shape) + R"("})");
        BOOST_TEST(!get(client->list_routes(soon())).empty(), shape);
    }
    for (auto const* shape : {"array", "pricing", "items", "prices", "data"}) {
        stub->state().configure(R"({"pricing_shape":")" + std::string(shape) + R"("})");
        BOOST_TEST(!get(client->get_pricing(1, soon())).empty(), shape);
    }
    stub->state().configure(R"({"balance_shape":"account"})");
    BOOST_TEST(get(client->get_balance(soon())).username.value() == "demo");
}

BOOST_AUTO_TEST_CASE(every_refusal) {
    auto const to_route = [&](int route, std::string caller_id = "BRIDGEXAPI") {
        auto sms = message();
        sms.route_id = route;
        sms.caller_id = std::move(caller_id);
        return describe(run(context, client->send_sms(std::move(sms), soon())));
    };
    BOOST_TEST(to_route(6) == "rejected invalid_route");
    BOOST_TEST(to_route(7) == "rejected route_not_authorized");
    BOOST_TEST(to_route(5) == "rejected route_not_authorized");
    BOOST_TEST(to_route(8, "STRANGER") == "rejected caller_id_not_allowed");
    BOOST_TEST(to_route(4) == "rejected no_pricing");
    BOOST_TEST(to_route(3, "x") == "rejected invalid_request");
    stub->state().configure(R"({"balance":0})");
    BOOST_TEST(to_route(3) == "rejected insufficient_balance");
    auto const unknown = run(context, client->get_delivery("BX-0-none", soon()));
    BOOST_TEST((unknown.error().why == bridgexapi::reason::not_found));
    auto const impossible = run(context, client->get_delivery("..", soon()));
    BOOST_TEST((impossible.error().why == bridgexapi::reason::not_found));
    connect("another-key");
    BOOST_TEST(outcome() == "rejected authentication");
    BOOST_TEST(stub->state().messages().empty());
}

namespace {

struct fault_case {
    char const* fault;
    char const* expected;
};
/// See the stub's README, Faults. A send that is "unknown" here may have been sent, and some were.
constexpr fault_case fault_cases[] = {
    {R"({"fault":"vendor"})", "rejected vendor_failed"},
    {R"({"fault":"array"})", "unknown protocol_error"},
    {R"({"fault":"unsuccess"})", "unknown protocol_error"},
    {R"({"fault":"empty"})", "unknown protocol_error"},
    {R"({"fault":"null_messages"})", "unknown protocol_error"},
    {R"({"fault":"null_ids"})", "accepted"},
    {R"({"fault":"string_order"})", "accepted"},
    {R"({"fault":"extra"})", "accepted"},
    {R"({"fault":"huge","bytes":4000000})", "unknown protocol_error"},
    {R"({"fault":"html"})", "unknown upstream_error"},
    {R"({"fault":"rate","retry_after":"3"})", "rejected rate_limited"},
    {R"({"fault":"redirect"})", "unknown protocol_error"},
    {R"({"fault":"status","status":503,"detail":"busy"})", "unknown upstream_error"},
    {R"({"fault":"status","status":418})", "rejected upstream_error"},
    {R"({"fault":"truncate"})", "unknown protocol_error"},
    {R"({"fault":"chunked"})", "accepted"},
    {R"({"fault":"no_length"})", "accepted"},
    {R"({"fault":"no_length","abort":true})", "unknown connection_lost"},
    {R"({"fault":"interim"})", "accepted"},
    {R"({"fault":"big_header","bytes":20000})", "unknown protocol_error"},
    {R"({"fault":"garbage"})", "unknown protocol_error"},
    {R"({"fault":"delay","ms":50})", "accepted"},
    {R"({"fault":"silent_close"})", "accepted"},
    {R"({"fault":"silent_close","abort":true})", "accepted"},
    {R"({"fault":"cut"})", "unknown connection_lost"},
    {R"({"fault":"cut_head"})", "unknown connection_lost"},
    {R"({"fault":"reset"})", "unknown connection_lost"},
    {R"({"fault":"drop_before"})", "unknown connection_lost"},
    {R"({"fault":"drop_after"})", "unknown connection_lost"},
    {R"({"fault":"drop_after","rst":true})", "unknown connection_lost"},
};

} // namespace

BOOST_AUTO_TEST_CASE(every_fault_is_one_send_and_the_right_outcome) {
    std::size_t expected_sends = 0;
    for (auto const& [fault, expected] : fault_cases) {
        BOOST_TEST_CONTEXT(fault) {
            stub->state().clear_faults();
            stub->state().add_fault(fault);
            BOOST_TEST(outcome() == expected);
            BOOST_TEST(sends_received() == ++expected_sends);
            stub->state().clear_faults();
            // Waits for the close: until it arrives, a silently closed connection looks usable, and
            // the next send would use it.
            if (std::string_view(fault).find("silent_close") != std::string_view::npos)
                eventually([this] {
                    context.restart();
                    context.poll();
                    return client->stats().idle == 0;
                });
            BOOST_TEST(outcome() == "accepted");
            BOOST_TEST(sends_received() == ++expected_sends);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_upstream_that_holds_is_unknown_and_one_send) {
    connect("stub-api-key", std::chrono::milliseconds(1'500));
    for (auto const* fault : {R"({"fault":"hold"})", R"({"fault":"cut","hold":true})",
                              R"({"fault":"drip","bytes":1,"ms":100})"}) {
        BOOST_TEST_CONTEXT(fault) {
            stub->state().clear_faults();
            auto const before = sends_received();
            stub->state().add_fault(fault);
            BOOST_TEST(outcome() == "unknown timed_out");
            BOOST_TEST(sends_received() == before + 1);
        }
    }
}

/// While nobody listens, the circuit opens. Then nothing is tried until one probe finds that the
/// upstream is back.
BOOST_AUTO_TEST_CASE(an_upstream_that_is_away_and_comes_back) {
    stub->stop();
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(outcome() == "not_sent connect_failed");
    auto const refused = send(*client);
    BOOST_TEST(describe(refused) == "not_sent circuit_open");
    BOOST_TEST(client->known_dead());
    auto const wait = std::get<bridgexapi::not_sent>(refused).retry_after.value();
    BOOST_TEST((wait >= std::chrono::seconds(1) && wait <= std::chrono::seconds(5)));
    stub->start();
    auto const until = deadline::in(hang_limit);
    while (client->known_dead() && !until.expired()) {
        auto const last = outcome();
        BOOST_TEST((last == "not_sent circuit_open" || last == "accepted"));
        context.restart();
        context.run_for(std::chrono::milliseconds(20));
    }
    BOOST_TEST(outcome() == "accepted");
}

BOOST_AUTO_TEST_CASE(what_goes_over_the_wire) {
    BOOST_TEST(outcome() == "accepted");
    get(client->get_balance(soon()));
    auto const seen = stub->state().requests();
    BOOST_TEST_REQUIRE(seen.size() == 2u);
    auto const header = [](auto const& request, char const* name) {
        auto const* value = bridgexapi_stub::find_header(request.raw.headers, name);
        return value != nullptr ? *value : std::string("(none)");
    };
    for (auto const& request : seen) {
        BOOST_TEST(header(request, "X-API-KEY") == "stub-api-key");
        BOOST_TEST(header(request, "Host") == stub->authority());
        BOOST_TEST(header(request, "Accept") == "application/json");
    }
    BOOST_TEST(header(seen[0], "Content-Type") == "application/json");
    BOOST_TEST(header(seen[0], "Content-Length") == std::to_string(seen[0].raw.body.size()));
    BOOST_TEST(seen[0].raw.body ==
               R"({"route_id":3,"caller_id":"BRIDGEXAPI","numbers":["31600000000"],)"
               R"("message":"Your verification code is 123456."})");
    BOOST_TEST(header(seen[1], "Content-Type") == "(none)");
    BOOST_TEST(header(seen[1], "Content-Length") == "(none)");
    BOOST_TEST(seen[1].raw.body.empty());
}

BOOST_AUTO_TEST_SUITE_END()
