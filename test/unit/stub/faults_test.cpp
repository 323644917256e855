// Every fault: its effects on the bytes, on the end of the connection, and on the SMS. No sockets.
#include "asking.hpp"
#include "bridgexapi_stub/faults.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/test/unit_test.hpp>

#include <set>
#include <stdexcept>

using namespace bridgexapi_stub;
using namespace stub_test;
using namespace std::chrono_literals;

namespace {

exchange send_with(service& stub, std::string_view fault) {
    stub.clear_faults();
    stub.add_fault(fault);
    return ask_raw(stub, "POST", "/api/v1/send_sms", good_order);
}

// Makes one send under one fault, in a fresh stub.
struct outcome {
    exchange wire;
    std::size_t sms;
};
outcome one_send(std::string_view fault) {
    service stub;
    auto wire = send_with(stub, fault);
    return {std::move(wire), stub.messages().size()};
}

std::size_t promised_length(std::string const& wire) {
    auto const at = wire.find("content-length: ");
    return std::stoul(wire.substr(at + 16));
}

std::size_t body_length(std::string const& wire) {
    return wire.size() - wire.find("\r\n\r\n") - 4;
}

bool contains(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(stub_fault_selection)

BOOST_AUTO_TEST_CASE(count_skip_endpoint_and_number) {
    service stub;
    stub.add_fault(R"({"fault":"html","endpoint":"send_sms","skip":1,"count":2,"number":"316*"})");
    auto const spain =
        R"({"route_id":2,"caller_id":"DEMO","numbers":["34612345678"],"message":"m"})";
    BOOST_TEST(send(stub).status == 200U); // skipped
    BOOST_TEST(ask(stub, "GET", "/api/v1/balance").status == 200U);
    BOOST_TEST(send(stub, spain).status == 200U);
    BOOST_TEST(send(stub).status == 502U);
    BOOST_TEST(send(stub).status == 502U);
    BOOST_TEST(send(stub).status == 200U);
    BOOST_TEST(stub.messages().size() == 3U);
}

BOOST_AUTO_TEST_CASE(without_a_count_it_lasts_until_it_is_removed) {
    service stub;
    stub.add_fault(R"({"fault":"status","status":503})");
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(ask(stub, "GET", "/api/v1/balance").status == 503U);
    stub.clear_faults();
    BOOST_TEST(ask(stub, "GET", "/api/v1/balance").status == 200U);
}

BOOST_AUTO_TEST_CASE(probability_hits_some_of_many_and_always_the_same) {
    auto const hits = [] {
        service stub;
        stub.add_fault(R"({"fault":"status","probability":0.5})");
        std::string pattern;
        for (int i = 0; i < 200; ++i)
            pattern += ask(stub, "GET", "/api/v1/balance").status == 500U ? 'x' : '.';
        return pattern;
    };
    auto const pattern = hits();
    auto const count = std::count(pattern.begin(), pattern.end(), 'x');
    BOOST_TEST(count > 50);
    BOOST_TEST(count < 150);
    BOOST_TEST(pattern == hits());
}

BOOST_AUTO_TEST_CASE(faults_add_up) {
    service stub;
    stub.add_fault(R"({"fault":"silent_close"})");
    stub.add_fault(R"({"fault":"delay","ms":5})");
    stub.add_fault(R"({"fault":"extra"})");
    auto const wire = ask_raw(stub, "GET", "/api/v1/balance");
    BOOST_TEST((wire.delay == 5ms));
    BOOST_TEST((wire.end == ending::close));
    BOOST_TEST(contains(wire.bytes, "x_new_field"));
}

BOOST_AUTO_TEST_CASE(accept_overrides_whether_the_sms_is_sent) {
    service stub;
    send_with(stub, R"({"fault":"html","accept":true})");
    BOOST_TEST(stub.messages().size() == 1U);
    auto const reply = send_with(stub, R"({"fault":"delay","accept":false})");
    BOOST_TEST(contains(reply.bytes, R"("status":"success")"));
    BOOST_TEST(stub.messages().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_not_a_fault_is_refused_with_a_reason) {
    service stub;
    auto const refused = [&](std::string_view json, std::string_view reason) {
        BOOST_CHECK_EXCEPTION(
            stub.add_fault(json), std::invalid_argument,
            [&](std::invalid_argument const& error) { return contains(error.what(), reason); });
    };
    refused("[", "not JSON");
    refused("7", "object");
    refused("{}", "needs \"fault\"");
    refused(R"({"fault":"nope"})", "unknown fault \"nope\"");
    refused(R"({"fault":"delay","bytes":1})", "no option \"bytes\"");
    refused(R"({"fault":"delay","endpoint":"nope"})", "unknown endpoint");
    refused(R"({"fault":"delay","count":-1})", "\"count\"");
    refused(R"({"fault":"delay","probability":2})", "\"probability\"");
    refused(R"({"fault":"delay","accept":1})", "\"accept\"");
}

BOOST_AUTO_TEST_CASE(the_table_has_each_name_once) {
    std::set<std::string_view> names;
    for (auto const& kind : fault_kinds())
        BOOST_TEST(names.insert(kind.name).second, kind.name);
    BOOST_TEST(names.size() == 34U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stub_fault_effects)

BOOST_AUTO_TEST_CASE(endings) {
    auto const check = [](std::string_view fault, ending end, bool says_something,
                          std::size_t sms) {
        auto const got = one_send(fault);
        BOOST_TEST_CONTEXT(fault) {
            BOOST_TEST((got.wire.end == end));
            BOOST_TEST(got.wire.bytes.empty() == !says_something);
            BOOST_TEST(got.sms == sms);
            BOOST_TEST(!contains(got.wire.bytes, "connection: close"));
        }
    };
    check(R"({"fault":"hold"})", ending::hold, false, 1);
    check(R"({"fault":"hold","accept":false})", ending::hold, false, 0);
    check(R"({"fault":"drop_before"})", ending::abort, false, 0);
    check(R"({"fault":"drop_before","rst":true})", ending::reset, false, 0);
    check(R"({"fault":"drop_after"})", ending::abort, false, 1);
    check(R"({"fault":"drop_after","rst":true})", ending::reset, false, 1);
    check(R"({"fault":"silent_close"})", ending::close, true, 1);
    check(R"({"fault":"silent_close","abort":true})", ending::abort, true, 1);
    check(R"({"fault":"reset"})", ending::reset, true, 1);
    check(R"({"fault":"cut"})", ending::close, true, 1);
    check(R"({"fault":"cut","hold":true})", ending::hold, true, 1);
    check(R"({"fault":"cut_head"})", ending::close, true, 1);
    check(R"({"fault":"no_length"})", ending::close, true, 1);
    check(R"({"fault":"garbage"})", ending::close, true, 1);
    check(R"({"fault":"delay"})", ending::keep, true, 1);
}

BOOST_AUTO_TEST_CASE(lengths_that_lie_and_lengths_that_do_not) {
    auto const cut = one_send(R"({"fault":"cut"})").wire.bytes;
    BOOST_TEST(body_length(cut) == promised_length(cut) / 2);
    BOOST_TEST(body_length(one_send(R"({"fault":"cut","bytes":7})").wire.bytes) == 7U);
    BOOST_TEST(body_length(one_send(R"({"fault":"reset","bytes":0})").wire.bytes) == 0U);
    auto const truncated = one_send(R"({"fault":"truncate"})").wire.bytes;
    BOOST_TEST(body_length(truncated) == promised_length(truncated));
    BOOST_TEST(read_answer(truncated).json.is_null());
    BOOST_TEST(one_send(R"({"fault":"cut_head","bytes":9})").wire.bytes == "HTTP/1.1 ");
    auto const huge = one_send(R"({"fault":"huge","bytes":100000})").wire.bytes;
    BOOST_TEST(body_length(huge) == promised_length(huge));
    BOOST_TEST(body_length(huge) > 100'000U);
    BOOST_TEST(read_answer(huge).json.at("status").as_string() == "success");
    BOOST_TEST(contains(one_send(R"({"fault":"big_header","bytes":9000})").wire.bytes,
                        "x-padding: " + std::string(9000, 'x') + "\r\n"));
}

BOOST_AUTO_TEST_CASE(timing) {
    BOOST_TEST((one_send(R"({"fault":"delay","ms":250})").wire.delay == 250ms));
    auto const drip = one_send(R"({"fault":"drip","bytes":3,"ms":7})").wire;
    BOOST_TEST(drip.drip_bytes == 3U);
    BOOST_TEST((drip.drip_pause == 7ms));
}

BOOST_AUTO_TEST_CASE(framing_and_interim_replies) {
    auto const chunked = one_send(R"({"fault":"chunked","bytes":10})").wire.bytes;
    BOOST_TEST(contains(chunked, "transfer-encoding: chunked\r\n"));
    BOOST_TEST(!contains(chunked, "content-length"));
    BOOST_TEST(contains(chunked, "\r\n\r\na\r\n{\"status\":\r\n"));
    BOOST_TEST(chunked.ends_with("\r\n0\r\n\r\n"));
    auto const open_ended = one_send(R"({"fault":"no_length"})").wire.bytes;
    BOOST_TEST(!contains(open_ended, "content-length"));
    BOOST_TEST(!contains(open_ended, "transfer-encoding"));
    BOOST_TEST(read_answer(open_ended).json.at("status").as_string() == "success");
    auto const interim = one_send(R"({"fault":"interim","status":103,"times":2})").wire.bytes;
    BOOST_TEST(interim.starts_with(
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n"));
    BOOST_TEST(
        one_send(R"({"fault":"interim"})").wire.bytes.starts_with("HTTP/1.1 100 Continue\r\n\r\n"));
    BOOST_TEST(one_send(R"({"fault":"garbage","text":"hello"})").wire.bytes == "hello");
}

BOOST_AUTO_TEST_CASE(replies_that_are_something_else) {
    auto const html = one_send(R"({"fault":"html","status":503})");
    BOOST_TEST(read_answer(html.wire.bytes).status == 503U);
    BOOST_TEST(contains(html.wire.bytes, "content-type: text/html\r\n"));
    BOOST_TEST(html.sms == 0U);
    auto const status = one_send(
        R"({"fault":"status","status":418,"detail":[{"msg":"no"}],"headers":{"x-a":"b"}})");
    BOOST_TEST(read_answer(status.wire.bytes).status == 418U);
    BOOST_TEST(read_answer(status.wire.bytes).body == R"({"detail":[{"msg":"no"}]})");
    BOOST_TEST(contains(status.wire.bytes, "x-a: b\r\n"));
    BOOST_TEST(status.sms == 0U);
    auto const rate = one_send(R"({"fault":"rate","retry_after":7})");
    BOOST_TEST(read_answer(rate.wire.bytes).status == 429U);
    BOOST_TEST(contains(rate.wire.bytes, "retry-after: 7\r\n"));
    BOOST_TEST(contains(
        one_send(R"({"fault":"rate","retry_after":"Wed, 21 Oct 2026 07:28:00 GMT"})").wire.bytes,
        "retry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n"));
    BOOST_TEST(!contains(one_send(R"({"fault":"rate"})").wire.bytes, "retry-after"));
    auto const redirect = one_send(R"({"fault":"redirect","location":"http://127.0.0.1:1/"})");
    BOOST_TEST(read_answer(redirect.wire.bytes).status == 302U);
    BOOST_TEST(contains(redirect.wire.bytes, "location: http://127.0.0.1:1/\r\n"));
    BOOST_TEST(redirect.sms == 0U);
    auto const body =
        one_send(R"({"fault":"body","text":"{}","status":201,"content_type":"text/plain"})");
    BOOST_TEST(read_answer(body.wire.bytes).body == "{}");
    BOOST_TEST(read_answer(body.wire.bytes).status == 201U);
    BOOST_TEST(body.sms == 1U);
}

BOOST_AUTO_TEST_CASE(json_that_is_not_as_expected) {
    auto const json_of = [](std::string_view fault) {
        return read_answer(one_send(fault).wire.bytes).json;
    };
    BOOST_TEST(json_of(R"({"fault":"array"})").at(0).at("status").as_string() == "success");
    auto const types = json_of(R"({"fault":"types"})");
    BOOST_TEST(types.at("status").is_int64());
    BOOST_TEST(types.at("order_id").is_object());
    BOOST_TEST(types.at("messages").is_object());
    BOOST_TEST(types.at("cost").is_object());
    BOOST_TEST(json_of(R"({"fault":"unsuccess","text":"pending"})").at("status").as_string() ==
               "pending");
    BOOST_TEST(json_of(R"({"fault":"empty"})").at("messages").as_array().empty());
    BOOST_TEST(json_of(R"({"fault":"null_messages"})").at("messages").is_null());
    auto const nulls = json_of(R"({"fault":"null_ids"})");
    BOOST_TEST(nulls.at("order_id").is_null());
    BOOST_TEST(nulls.at("messages").at(0).at("bx_message_id").is_null());
    BOOST_TEST(nulls.at("messages").at(0).at("msisdn").as_string() == "31612345678");
    BOOST_TEST(json_of(R"({"fault":"string_order"})").at("order_id").as_string() == "22000");
    auto const extra = json_of(R"({"fault":"extra"})");
    BOOST_TEST(extra.at("x_new_field").is_object());
    BOOST_TEST(extra.at("messages").at(0).at("parts").as_int64() == 1);
    BOOST_TEST(extra.at("order_id").as_int64() == 22'000);
}

BOOST_AUTO_TEST_CASE(delivery_reports_twice_and_with_other_times) {
    service stub;
    stub.freeze();
    ask(stub, "POST", "/__stub/clock", R"({"set":"2026-04-01T10:15:30"})");
    send(stub);
    stub.add_fault(R"({"fault":"duplicate","count":1})");
    auto const twice = ask(stub, "GET", "/api/v1/dlr").json;
    BOOST_TEST(twice.at("messages").as_array().size() == 2U);
    BOOST_TEST(twice.at("total").as_int64() == 1);
    auto const id = std::string{twice.at("messages").at(0).at("bx_message_id").as_string()};
    stub.add_fault(R"({"fault":"created_at","format":"zulu","drift_seconds":-3600,"count":2})");
    BOOST_TEST(
        ask(stub, "GET", "/api/v1/dlr").json.at("messages").at(0).at("created_at").as_string() ==
        "2026-04-01T09:15:30Z");
    BOOST_TEST(ask(stub, "GET", "/api/v1/dlr/" + id).json.at("created_at").as_string() ==
               "2026-04-01T09:15:30Z");
}

BOOST_AUTO_TEST_CASE(connection_faults_hit_connections_only) {
    service stub;
    stub.add_fault(R"({"fault":"refuse","count":1})");
    stub.add_fault(R"({"fault":"refuse","rst":true,"count":1})");
    stub.add_fault(R"({"fault":"stall","count":1})");
    BOOST_TEST(send(stub).status == 200U);
    BOOST_TEST((stub.connection_opened().how == service::welcome::refuse));
    BOOST_TEST((stub.connection_opened().how == service::welcome::refuse_reset));
    BOOST_TEST((stub.connection_opened().how == service::welcome::stall));
    BOOST_TEST((stub.connection_opened().how == service::welcome::serve));
}

BOOST_AUTO_TEST_SUITE_END()
