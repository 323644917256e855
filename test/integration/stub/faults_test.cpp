// Every fault on the wire, over HTTP and HTTPS: the bytes, how the connection ends, and whether the
// SMS was sent.
#include "bridgexapi_stub/faults.hpp"
#include "wire_client.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace bridgexapi_stub;
using namespace stub_test;

namespace {

std::set<std::string, std::less<>>
    tested; // fault names, so that the last test can report missing ones

void add_fault(server& to, std::string_view fault_as_json) {
    auto const begin = fault_as_json.find(R"("fault":")") + 9;
    tested.emplace(fault_as_json.substr(begin, fault_as_json.find('"', begin) - begin));
    to.state().add_fault(fault_as_json);
}

template <class Check>
void over_both(Check check) {
    for (bool const tls : {false, true}) {
        server stub{options_for(tls)};
        stub.start();
        BOOST_TEST_CONTEXT((tls ? "https" : "http")) {
            check(stub);
        }
    }
}

// Makes one send under a fault that keeps the connection. Returns the reply; a second request must
// be answered.
reply_text one_send(server& stub, std::string_view fault_as_json) {
    stub.state().clear_faults();
    add_fault(stub, fault_as_json);
    wire_client client{stub};
    client.write(request_text("POST", "/api/v1/send_sms", good_order()));
    auto reply = client.read_reply();
    stub.state().clear_faults();
    client.write(request_text("GET", "/api/v1/balance"));
    BOOST_TEST(client.read_reply().status() == 200U);
    return reply;
}

struct ended_send {
    std::string bytes;
    end_of_stream how;
    std::size_t sms;
};

// Makes one send under a fault that ends the connection.
ended_send send_to_end(server& stub, std::string_view fault_as_json) {
    stub.state().reset();
    add_fault(stub, fault_as_json);
    wire_client client{stub};
    client.write(request_text("POST", "/api/v1/send_sms", good_order()));
    auto bytes = client.read_to_end();
    return {std::move(bytes), client.ended(), stub.state().messages().size()};
}

std::string body_of(std::string const& bytes) {
    return bytes.substr(bytes.find("\r\n\r\n") + 4);
}

std::size_t promised_length(std::string const& bytes) {
    return std::stoul(bytes.substr(bytes.find("content-length: ") + 16));
}

// How the end looks to the peer without a close_notify: over plain TCP it is a normal end.
end_of_stream aborted(server const& stub) {
    return stub.tls() ? end_of_stream::truncated : end_of_stream::in_order;
}

} // namespace

BOOST_AUTO_TEST_SUITE(stub_faults_on_the_wire)

BOOST_AUTO_TEST_CASE(no_reply_at_all) {
    over_both([](server& stub) {
        auto const check = [&](std::string_view fault, end_of_stream how, std::size_t sms) {
            auto const got = send_to_end(stub, fault);
            BOOST_TEST_CONTEXT(fault) {
                BOOST_TEST(got.bytes == "");
                BOOST_TEST(got.how == how);
                BOOST_TEST(got.sms == sms);
            }
        };
        check(R"({"fault":"drop_before"})", aborted(stub), 0);
        check(R"({"fault":"drop_after"})", aborted(stub), 1);
        check(R"({"fault":"drop_before","rst":true})", end_of_stream::reset, 0);
        check(R"({"fault":"drop_after","rst":true})", end_of_stream::reset, 1);
    });
}

BOOST_AUTO_TEST_CASE(holding_until_the_client_leaves) {
    over_both([](server& stub) {
        add_fault(stub, R"({"fault":"hold","count":1})");
        {
            wire_client client{stub};
            client.write(request_text("POST", "/api/v1/send_sms", good_order()));
            BOOST_TEST(stub.state().wait_for(
                [](stub_stats const& stats) { return stats.sms_accepted == 1; }));
            client.write("more that is never read");
            BOOST_TEST(ask(stub, "GET", "/api/v1/balance").status() ==
                       200U); // others are served meanwhile
        }
        BOOST_TEST(stub.state().wait_for(
            [](stub_stats const& stats) { return stats.connections_open == 0; }));
        BOOST_TEST(stub.state().requests(endpoint::send_sms).at(0).status == 0U);
    });
}

BOOST_AUTO_TEST_CASE(replies_that_stop_early) {
    over_both([](server& stub) {
        auto const whole = one_send(stub, R"({"fault":"delay","ms":1})");
        auto const cut = send_to_end(stub, R"({"fault":"cut"})");
        BOOST_TEST(promised_length(cut.bytes) == whole.body.size());
        BOOST_TEST(body_of(cut.bytes).size() == whole.body.size() / 2);
        BOOST_TEST(cut.how == end_of_stream::in_order);
        BOOST_TEST(cut.sms == 1U);
        BOOST_TEST(send_to_end(stub, R"({"fault":"cut_head","bytes":20})").bytes ==
                   "HTTP/1.1 200 OK\r\ncon");
        auto const reset = send_to_end(stub, R"({"fault":"reset","bytes":5})");
        BOOST_TEST(reset.how == end_of_stream::reset);
        BOOST_TEST(reset.sms == 1U);
        // The RST may overtake bytes that were sent before it, but there are never more of them.
        BOOST_TEST((reset.bytes.empty() || body_of(reset.bytes).size() <= 5U));
        auto const truncated = one_send(stub, R"({"fault":"truncate"})");
        BOOST_TEST(truncated.body.size() == whole.body.size() / 2);
        BOOST_TEST(truncated.json().is_null());
    });
}

BOOST_AUTO_TEST_CASE(stopping_early_and_holding) {
    over_both([](server& stub) {
        add_fault(stub, R"({"fault":"cut","bytes":3,"hold":true,"count":1})");
        wire_client client{stub};
        client.write(request_text("POST", "/api/v1/send_sms", good_order()));
        auto const head = client.read_bytes(std::string_view{"HTTP/1.1 200 OK\r\n"}.size());
        BOOST_TEST(head == "HTTP/1.1 200 OK\r\n");
        stub.stop(); // also ends held connections
        auto const rest = client.read_to_end();
        BOOST_TEST(body_of(rest) == R"({"s)");
    });
}

BOOST_AUTO_TEST_CASE(closing_without_saying_so) {
    over_both([](server& stub) {
        auto const closed = send_to_end(stub, R"({"fault":"silent_close"})");
        BOOST_TEST(closed.how == end_of_stream::in_order);
        BOOST_TEST(body_of(closed.bytes).size() == promised_length(closed.bytes));
        BOOST_TEST(closed.bytes.find("connection: close") == std::string::npos);
        BOOST_TEST(closed.sms == 1U);
        BOOST_TEST(send_to_end(stub, R"({"fault":"silent_close","abort":true})").how ==
                   aborted(stub));
    });
}

BOOST_AUTO_TEST_CASE(slow_replies_are_whole) {
    over_both([](server& stub) {
        BOOST_TEST(one_send(stub, R"({"fault":"drip","bytes":9,"ms":1})")
                       .json()
                       .at("status")
                       .as_string() == "success");
        BOOST_TEST(one_send(stub, R"({"fault":"delay","ms":2})").json().at("status").as_string() ==
                   "success");
    });
}

BOOST_AUTO_TEST_CASE(other_framings) {
    over_both([](server& stub) {
        add_fault(stub, R"({"fault":"chunked","bytes":1000,"count":1})");
        add_fault(stub, R"({"fault":"silent_close","count":1})");
        wire_client client{stub};
        client.write(request_text("GET", "/api/v1/balance"));
        auto const chunked = client.read_to_end();
        BOOST_TEST(chunked.find("transfer-encoding: chunked\r\n") != std::string::npos);
        auto const body = body_of(chunked);
        auto const line_end = body.find("\r\n");
        auto const length = std::stoul(body.substr(0, line_end), nullptr, 16);
        BOOST_TEST(body.substr(line_end + 2 + length) == "\r\n0\r\n\r\n");

        auto const open_ended = send_to_end(stub, R"({"fault":"no_length"})");
        BOOST_TEST(open_ended.bytes.find("content-length") == std::string::npos);
        BOOST_TEST(body_of(open_ended.bytes).ends_with("}"));
        BOOST_TEST(open_ended.how == end_of_stream::in_order);
        BOOST_TEST(send_to_end(stub, R"({"fault":"no_length","abort":true})").how == aborted(stub));

        stub.state().clear_faults();
        add_fault(stub, R"({"fault":"interim","status":102,"count":1})");
        wire_client second{stub};
        second.write(request_text("GET", "/api/v1/balance"));
        BOOST_TEST(second.read_reply().status() == 102U);
        BOOST_TEST(second.read_reply().status() == 200U);

        auto const garbage = send_to_end(stub, R"({"fault":"garbage"})");
        BOOST_TEST(garbage.bytes == "SSH-2.0-OpenSSH_9.2\r\n");
        auto const header = one_send(stub, R"({"fault":"big_header"})");
        BOOST_TEST(header.head.size() > std::size_t{64} << 10U);
    });
}

BOOST_AUTO_TEST_CASE(big_bodies) {
    over_both([](server& stub) {
        auto const huge = one_send(stub, R"({"fault":"huge"})");
        BOOST_TEST(huge.body.size() > std::size_t{16} << 20U);
    });
}

BOOST_AUTO_TEST_CASE(other_replies) {
    over_both([](server& stub) {
        auto const html = one_send(stub, R"({"fault":"html"})");
        BOOST_TEST(html.status() == 502U);
        BOOST_TEST(html.head.find("content-type: text/html\r\n") != std::string::npos);
        BOOST_TEST(html.body.starts_with("<html>"));
        auto const text = one_send(stub, R"({"fault":"status","status":409,"detail":"marker"})");
        BOOST_TEST(text.status() == 409U);
        BOOST_TEST(text.body == R"({"detail":"marker"})");
        auto const limited = one_send(stub, R"({"fault":"rate","retry_after":30})");
        BOOST_TEST(limited.status() == 429U);
        BOOST_TEST(limited.head.find("retry-after: 30\r\n") != std::string::npos);
        auto const moved =
            one_send(stub, R"({"fault":"redirect","status":307,"location":"/api/v1/elsewhere"})");
        BOOST_TEST(moved.status() == 307U);
        BOOST_TEST(moved.head.find("location: /api/v1/elsewhere\r\n") != std::string::npos);
        auto const vendor = one_send(stub, R"({"fault":"vendor","reason":"timeout"})");
        BOOST_TEST(vendor.status() == 502U);
        BOOST_TEST(vendor.body == R"({"detail":"Vendor send failed: timeout"})");
        BOOST_TEST(one_send(stub, R"({"fault":"unsuccess"})").json().at("status").as_string() ==
                   "error");
        BOOST_TEST(stub.state().messages().empty()); // none of these sends anything
        BOOST_TEST(one_send(stub, R"({"fault":"body","text":"null"})").body == "null");
        BOOST_TEST(stub.state().messages().size() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(odd_json) {
    over_both([](server& stub) {
        BOOST_TEST(one_send(stub, R"({"fault":"array"})").json().is_array());
        BOOST_TEST(one_send(stub, R"({"fault":"types"})").json().at("messages").is_object());
        BOOST_TEST(one_send(stub, R"({"fault":"empty"})").json().at("messages").as_array().empty());
        BOOST_TEST(one_send(stub, R"({"fault":"null_messages"})").json().at("messages").is_null());
        BOOST_TEST(one_send(stub, R"({"fault":"null_ids"})").json().at("order_id").is_null());
        BOOST_TEST(one_send(stub, R"({"fault":"string_order"})").json().at("order_id").is_string());
        BOOST_TEST(one_send(stub, R"({"fault":"extra"})").json().at("x_new_field").is_object());
        BOOST_TEST(stub.state().messages().size() == 7U); // all of these send
        auto const read = [&](std::string_view fault) {
            add_fault(stub, fault);
            return ask(stub, "GET", "/api/v1/dlr?limit=1&skip=0").json().at("messages");
        };
        BOOST_TEST(read(R"({"fault":"duplicate","count":1})").as_array().size() == 2U);
        auto const created =
            read(R"({"fault":"created_at","format":"offset","count":1})").at(0).at("created_at");
        BOOST_TEST(std::string_view{created.as_string()}.ends_with("+00:00"));
    });
}

BOOST_AUTO_TEST_CASE(connections_that_are_not_served) {
    over_both([](server& stub) {
        auto const refused = [&](std::string_view fault) {
            add_fault(stub, fault);
            auto client = wire_client::without_tls(stub);
            BOOST_TEST(client.read_to_end() == "");
            return client.ended();
        };
        BOOST_TEST(refused(R"({"fault":"refuse","count":1})") == end_of_stream::in_order);
        BOOST_TEST(refused(R"({"fault":"refuse","rst":true,"count":1})") == end_of_stream::reset);
        add_fault(stub, R"({"fault":"stall","count":1})");
        {
            auto client = wire_client::without_tls(stub);
            client.write("whatever comes first, it is not answered");
            BOOST_TEST(ask(stub, "GET", "/api/v1/balance").status() == 200U);
            BOOST_TEST(!client.has_something_to_read());
        }
        BOOST_TEST(stub.state().wait_for(
            [](stub_stats const& stats) { return stats.connections_open == 0; }));
    });
}

BOOST_AUTO_TEST_CASE(no_fault_was_forgotten) {
    for (auto const& kind : fault_kinds())
        BOOST_TEST(tested.contains(kind.name), kind.name);
}

BOOST_AUTO_TEST_SUITE_END()
