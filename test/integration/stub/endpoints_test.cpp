// Every endpoint and every error text over real sockets, HTTP and HTTPS.
#include "wire_client.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/test/unit_test.hpp>

using namespace bridgexapi_stub;
using namespace stub_test;

namespace {

// Makes its requests on one connection, so that every test here also tests keep-alive.
class conversation {
public:
    explicit conversation(server const& with) : client_{with} {}
    reply_text ask(std::string_view method, std::string_view target, std::string_view body = "") {
        client_.write(request_text(method, target, body));
        return client_.read_reply();
    }
    void expect_error(std::string_view order, unsigned status, std::string_view text) {
        auto const got = ask("POST", "/api/v1/send_sms", order);
        BOOST_TEST_CONTEXT(order) {
            BOOST_TEST(got.status() == status);
            BOOST_TEST(got.json().at("detail").as_string() == text);
        }
    }

private:
    wire_client client_;
};

std::string order(std::string_view route, std::string_view caller, std::string_view numbers) {
    std::string out;
    out.append(R"({"route_id":)").append(route).append(R"(,"caller_id":")").append(caller);
    return out.append(R"(","numbers":[)").append(numbers).append(R"(],"message":"code 123456"})");
}

} // namespace

BOOST_AUTO_TEST_SUITE(stub_endpoints)

BOOST_AUTO_TEST_CASE(every_endpoint_answers) {
    for (bool const tls : {false, true}) {
        server stub{options_for(tls)};
        stub.start();
        conversation with{stub};
        auto const sent = with.ask("POST", "/api/v1/send_sms", good_order());
        BOOST_TEST(sent.status() == 200U);
        BOOST_TEST(sent.head.find("content-type: application/json\r\n") != std::string::npos);
        auto const id =
            std::string{sent.json().at("messages").at(0).at("bx_message_id").as_string()};
        BOOST_TEST(
            with.ask("POST", "/api/v1/estimate", good_order()).json().at("currency").as_string() ==
            "EUR");
        BOOST_TEST(with.ask("GET", "/api/v1/balance").json().at("balance").as_double() ==
                   999'999.912);
        BOOST_TEST(with.ask("GET", "/api/v1/dlr/" + id).json().at("bx_message_id").as_string() ==
                   id);
        BOOST_TEST(with.ask("GET", "/api/v1/dlr?limit=50&skip=0").json().at("total").as_int64() ==
                   1);
        BOOST_TEST(with.ask("GET", "/api/v1/orders/22000/dlr").json().at("total").as_int64() == 1);
        BOOST_TEST(with.ask("GET", "/api/v1/routes").json().at("routes").as_array().size() == 7U);
        BOOST_TEST(with.ask("GET", "/api/v1/routes/8").json().at("route_id").as_int64() == 8);
        BOOST_TEST(with.ask("GET", "/api/v1/routes/2/pricing").json().at("pricing").is_array());
        BOOST_TEST(with.ask("GET", "/api/v1/activity/summary").json().at("summary").is_object());
        BOOST_TEST(
            with.ask("GET", "/api/v1/activity/logs?page=1&limit=20").json().at("logs").is_array());
        BOOST_TEST(
            with.ask("GET", "/api/v1/activity/usage?days=7").json().at("usage").as_array().size() ==
            7U);
        BOOST_TEST(with.ask("GET", "/api/v1/activity/endpoints").json().at("endpoints").is_array());

        auto const seen = stub.state().requests();
        BOOST_TEST(seen.size() == 13U);
        for (auto const& one : seen) {
            BOOST_TEST(one.raw.connection.number == 1U);
            BOOST_TEST(one.raw.connection.tls_version == (tls ? "TLSv1.3" : ""));
        }
        BOOST_TEST(seen.front().raw.body == good_order());
        BOOST_TEST(stub.state().violations().empty());
    }
}

BOOST_AUTO_TEST_CASE(every_error_text) {
    for (bool const tls : {false, true}) {
        server stub{options_for(tls)};
        stub.start();
        conversation with{stub};
        auto const nl = R"("31612345678")";
        with.expect_error(order("9", "DEMO", nl), 400, "Invalid route_id");
        with.expect_error(order("6", "DEMO", nl), 400, "Invalid route_id");
        with.expect_error(order("7", "DEMO", nl), 403, "You are not authorized for route 7");
        with.expect_error(order("5", "DEMO", nl), 403,
                          "You are not authorized for the casino route");
        with.expect_error(order("8", "DEMO", nl), 403, "Sender ID not allowed for route 8");
        with.expect_error(order("4", "DEMO", nl), 400, "No pricing available for destination");
        with.expect_error(order("2", "DEMO", R"("31612345678","34612345678")"), 400,
                          "All numbers in one request must belong to the same country.");
        stub.state().configure(R"({"numbers_max":1})");
        with.expect_error(order("2", "DEMO", R"("31612345678","31612345679")"), 400,
                          "Too many numbers in one request.");
        stub.state().configure(R"({"balance":0})");
        with.expect_error(good_order(), 402, "Insufficient balance");
        stub.state().configure(R"({"balance":1})");
        stub.state().add_fault(R"({"fault":"vendor","count":1})");
        with.expect_error(good_order(), 502, "Vendor send failed: submit rejected");
        auto const detail = [](reply_text const& from) {
            return std::string{from.json().at("detail").as_string()};
        };
        BOOST_TEST(detail(with.ask("GET", "/api/v1/dlr/BX-1-0")) == "DLR record not found");
        BOOST_TEST(detail(with.ask("GET", "/api/v1/routes/9")) == "Invalid route_id");
        BOOST_TEST(detail(with.ask("GET", "/api/v1/nope")) == "Not Found");
        BOOST_TEST(detail(with.ask("GET", "/api/v1/estimate")) == "Method Not Allowed");
        stub.state().configure(R"({"unknown_order_is_error":true})");
        BOOST_TEST(detail(with.ask("GET", "/api/v1/orders/1/dlr")) == "Order not found");
        BOOST_TEST(
            with.ask("POST", "/api/v1/send_sms", "{}").json().at("detail").as_array().size() == 4U);
        stub.state().configure(R"({"keys":[{"key":"another"}]})");
        BOOST_TEST(detail(with.ask("GET", "/api/v1/balance")) == "Invalid or inactive API Key");
        wire_client keyless{stub};
        keyless.write("GET /api/v1/balance HTTP/1.1\r\nHost: localhost\r\n\r\n");
        auto const missing = keyless.read_reply();
        BOOST_TEST(missing.status() == 401U);
        BOOST_TEST(detail(missing) == "Missing API Key");
        BOOST_TEST(stub.state().messages().empty());
    }
}

BOOST_AUTO_TEST_CASE(the_control_interface_over_the_wire) {
    for (bool const tls : {false, true}) {
        server stub{options_for(tls)};
        stub.start();
        conversation with{stub};
        with.ask("POST", "/__stub/clock", R"({"freeze":true})");
        with.ask("POST", "/api/v1/send_sms", good_order());
        with.ask("POST", "/__stub/clock", R"({"advance_seconds":5})");
        auto const messages =
            with.ask("GET", "/__stub/messages?number=31612345678").json().at("messages");
        BOOST_TEST(messages.at(0).at("state").as_string() == "DELIVERED");
        with.ask("POST", "/__stub/faults", R"({"fault":"status","status":500,"count":1})");
        BOOST_TEST(with.ask("GET", "/api/v1/balance").status() == 500U);
        BOOST_TEST(with.ask("GET", "/__stub/requests").json().at("requests").as_array().size() ==
                   2U);
        auto const stats = with.ask("GET", "/__stub/stats").json();
        BOOST_TEST(stats.at("connections_accepted").as_int64() == 1);
        BOOST_TEST(stats.at("connections_open").as_int64() == 1);
        BOOST_TEST(stats.at("tls_handshakes").as_int64() == (tls ? 1 : 0));
        BOOST_TEST(stats.at("sms_accepted").as_int64() == 1);
        BOOST_TEST(with.ask("POST", "/__stub/reset").status() == 200U);
        BOOST_TEST(with.ask("GET", "/__stub/violations").json().at("total").as_int64() == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
