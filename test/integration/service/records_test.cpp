// Log lines and metrics report everything that happened, and no secret.

#include "service_fixture.hpp"
#include "support/eventually.hpp"

#include <algorithm>
#include <set>
#include <sstream>

using namespace otpd::test;

namespace {

constexpr char const* instance_token = "token-9d1c-of-this-instance";

bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// RFC 3339 in UTC, with milliseconds.
bool is_utc(std::string_view text) {
    constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd.dddZ";
    return std::ranges::equal(text, form, [](char c, char wanted) {
        return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted;
    });
}

/// As a whole word: a random id of 32 hexadecimal digits may contain anything.
bool has_word(std::string_view text, std::string_view word) {
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        auto const end = at + word.size();
        if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end])))
            return true;
    }
    return false;
}

/// The sum of the samples of `name` that have all of `labels`, each written as label="value".
double metric(std::string const& text, std::string_view name,
              std::vector<std::string> const& labels = {}) {
    double sum = 0;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with(name)) continue;
        auto const after = line.substr(name.size(), 1);
        if (after != "{" && after != " ") continue;
        bool const all = std::ranges::all_of(labels, [&](std::string const& label) {
            return line.find(label) != std::string::npos;
        });
        if (all) sum += std::stod(line.substr(line.rfind(' ') + 1));
    }
    return sum;
}

/// The counted requests without the scrapes themselves.
double api_requests(std::string const& metrics) {
    constexpr auto total = "otpd_http_requests_total";
    return metric(metrics, total) - metric(metrics, total, {"route=\"/metrics\""});
}

/// A service that counts its requests, and records every secret and every reply. It does not show
/// codes; the stub does.
class recorded_service : public service_fixture {
public:
    recorded_service()
        : service_fixture(environment{{"API_AUTH_TOKEN", instance_token},
                                      {"OTP_LENGTH", "10"},
                                      {"DEBUG_OTP", "false"},
                                      {"OTPD_PUMPING_ENABLED", "true"},
                                      {"OTPD_PUMPING_PREFIX_OUT_MAX", "6"}}) {
        secrets.insert(api_key);
        secrets.insert(instance_token);
    }

    raw_reply ask(http_request const& request, std::string const& authorization = instance_token) {
        ++requests;
        auto reply = client.ask(request.with("Authorization", "Bearer " + authorization));
        for (auto const& [name, value] : reply.fields)
            replies.append(name).append(": ").append(value).append("\n");
        replies.append(reply.body).append("\n");
        return reply;
    }
    std::string number() {
        auto fresh = fresh_number();
        secrets.insert(fresh);
        return fresh;
    }
    std::string send_to(std::string const& to) {
        auto const reply = ask(send_request(to));
        check_outcome(reply, 200);
        id = object_of(reply).at("verification_id").as_string();
        message = object_of(reply).at("bx_message_id").as_string();
        auto code = stub.code_sent_to(to);
        secrets.insert(code);
        return code;
    }

    std::string id;      ///< of the last verification
    std::string message; ///< its SMS
    std::string replies;
    std::set<std::string> secrets;
    std::size_t requests = 0;
};

void check_no_secret(std::set<std::string> const& secrets, std::string_view text) {
    for (auto const& secret : secrets)
        BOOST_TEST(!has_word(text, secret), secret << " in " << text);
}

/// Makes requests of each kind.
void do_many_things(recorded_service& service) {
    for (int i = 0; i < 10; ++i) {
        auto const number = service.number();
        auto const code = service.send_to(number);
        check_outcome(service.ask(service.send_request(number)), 429);
        check_outcome(service.ask(service.verify_request(number, wrong_code(code))), 400);
        service.secrets.insert(wrong_code(code));
        check_outcome(service.ask(service.verify_request(number, code)), 200);
        check_outcome(service.ask(service.verify_request(number, code)), 404);
    }
    auto const number = service.number();
    auto const code = service.send_to(number);
    for (int i = 0; i < 5; ++i)
        check_outcome(service.ask(service.verify_request(number, wrong_code(code))), 400);
    check_outcome(service.ask(service.verify_request(number, code)), 429);

    service.stub.set_fault({{"fault", "status"}, {"status", 402}, {"count", 1}});
    check_outcome(service.ask(service.send_request(service.number())), 502);
    service.stub.set_fault({{"fault", "drop_after"}, {"count", 1}});
    check_outcome(service.ask(service.send_request(service.number())), 504);

    check_outcome(service.ask(get("/config"), "wrong-" + std::string(instance_token)), 401);
    check_outcome(service.ask(get("/nope/" + service.number())), 404);
    check_outcome(service.ask(get("/health?phone_number=" + service.number())), 200);
    check_outcome(service.ask(post("/send-otp", {{"phone_number", 1}})), 422);
    check_outcome(service.ask(get("/send-otp")), 405);
}

/// Reads routes, money and messages.
void ask_many_things(recorded_service& service) {
    auto const number = service.number();
    auto const code = service.send_to(number);
    check_outcome(service.ask(get("/deliveries/" + service.message)), 200);
    check_outcome(service.ask(get("/deliveries/" + service.number())), 404);
    check_outcome(service.ask(post("/estimate", {{"phone_number", service.number()}})), 200);
    service.stub.set_fault({{"fault", "status"}, {"endpoint", "estimate"}, {"count", 1}});
    check_outcome(service.ask(post("/estimate", {{"phone_number", service.number()}})), 502);
    for (auto const* const path : {"/routes", "/routes/3/pricing", "/routes/scores", "/balance"})
        check_outcome(service.ask(get(path)), 200);
    check_outcome(service.ask(get("/routes/scores?" + service.number() + "=1")), 422);
    check_outcome(service.ask(get("/routes/scores?country=" + service.number())), 422);
    check_outcome(service.ask(get("/verifications/" + service.id + "?wait=" + service.number())),
                  422);
    auto const send = [&service](std::string const& to, char const* name,
                                 std::string const& value) {
        return service.ask(post("/send-otp", {{"phone_number", to}, {name, value}}));
    };
    check_outcome(send(service.number(), "route_plan", service.number()), 422);
    check_outcome(send(service.number(), "max_price", "0.01"), 403);
}

/// Covers verifications, idempotency keys and the guards against SMS pumping.
void do_many_more_things(recorded_service& service) {
    auto const number = service.number();
    auto const code = service.send_to(number);
    auto const path = "/verifications/" + service.id;
    auto guess = [&](std::string const& text) {
        return service.ask(post("/verify-otp", {{"phone_number", number},
                                                {"code", text},
                                                {"verification_id", service.id},
                                                {"end_user_ip", "198.51.100.7"}}));
    };
    service.secrets.insert(wrong_code(code));
    check_outcome(guess(wrong_code(code)), 400);
    check_outcome(service.ask(get(path)), 200);
    check_outcome(guess(code), 200);
    auto cancel = get(path);
    cancel.method = "DELETE";
    check_outcome(service.ask(cancel), 409);
    check_outcome(service.ask(get("/verifications/" + std::string(64, '0'))), 404);

    auto const idempotency = service.send_request(service.number()).with("Idempotency-Key", "k-1");
    for (int i = 0; i < 2; ++i)
        check_outcome(service.ask(idempotency), 200);
    check_outcome(
        service.ask(service.send_request(service.number()).with("Idempotency-Key", "k-1")), 422);
    check_outcome(service.ask(service.send_request("310" + service.number().substr(2))), 422);
    check_outcome(
        service.ask(service.send_request(service.number()), instance_token + std::string("x")),
        401);
    for (auto const* path : {"/numbers/unlock", "/numbers/forget-devices"}) {
        auto const release = [&](std::string const& reason) {
            return service.ask(
                post(path, {{"client", "default"}, {"phone_number", number}, {"reason", reason}}));
        };
        check_outcome(release("ticket 4711"), 200);
        check_outcome(release("call from " + number), 422);
    }
    raw_reply last;
    for (int i = 0; i < 100 && last.status != 429; ++i)
        last = service.ask(service.send_request(service.number()));
    check_outcome(last, 429, "limit_exceeded");
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_records)

BOOST_AUTO_TEST_CASE(nothing_written_or_answered_holds_a_code_a_token_or_a_whole_number) {
    recorded_service service;
    do_many_things(service);
    ask_many_things(service);
    do_many_more_things(service);
    for (auto const& message : service.stub.messages()) {
        auto const number = std::string(message.at("number").as_string());
        service.secrets.insert(number);
        service.secrets.insert(service.stub.code_sent_to(number));
    }
    auto const metrics = service.otpd.metrics();
    BOOST_TEST(service.otpd.stop() == 0);
    for (auto const& text : {service.otpd.process().output(), metrics, service.replies})
        check_no_secret(service.secrets, text);
    BOOST_TEST(!service.otpd.events("pumping_blocked").empty());
}

BOOST_AUTO_TEST_CASE(log_and_metrics_report_every_event_and_no_secret) {
    recorded_service service;
    do_many_things(service);
    std::string metrics;
    eventually([&] { // a request is counted when its reply has been written
        metrics = service.otpd.metrics();
        return api_requests(metrics) == static_cast<double>(service.requests);
    });
    BOOST_TEST(service.otpd.stop() == 0);
    auto const output = service.otpd.process().output();
    auto const log = service.otpd.log(); // throws unless each line is one object

    for (auto const& line : log) {
        BOOST_TEST(is_utc(line.at("ts").as_string()), line.at("ts"));
        BOOST_TEST(line.at("level").is_string());
        BOOST_TEST(line.at("event").is_string());
    }
    check_no_secret(service.secrets, output);
    check_no_secret(service.secrets, metrics);

    // One event per request, one per send, one per check.
    auto requests = service.otpd.events("request");
    std::erase_if(requests, [](json::object const& line) {
        return line.at("listener").as_string() != "api";
    });
    BOOST_TEST(requests.size() == service.requests);
    BOOST_TEST(service.otpd.events("otp_sent").size() == 11U);
    BOOST_TEST(service.otpd.events("otp_not_sent").size() == 12U);
    BOOST_TEST(service.otpd.events("otp_verified").size() == 10U);
    BOOST_TEST(service.otpd.events("otp_not_verified").size() == 26U);
    BOOST_TEST(service.otpd.events("upstream_call").size() == 13U);
    for (auto const& line : service.otpd.events("otp_sent"))
        BOOST_TEST(line.at("phone").as_string().starts_with("*******"));

    BOOST_TEST(metric(metrics, "otpd_http_requests_total",
                      {"route=\"/verify-otp\"", "method=\"POST\"", "status=\"400\""}) == 15);
    BOOST_TEST(metric(metrics, "otpd_sends_total") == 23);
    BOOST_TEST(metric(metrics, "otpd_sends_total", {"outcome=\"accepted\"", "route_id=\"3\""}) ==
               11);
    BOOST_TEST(metric(metrics, "otpd_sends_total", {"outcome=\"cooldown\""}) == 10);
    BOOST_TEST(metric(metrics, "otpd_sends_total",
                      {"outcome=\"rejected\"", "reason=\"insufficient_balance\""}) == 1);
    BOOST_TEST(metric(metrics, "otpd_sends_total",
                      {"outcome=\"unknown\"", "reason=\"connection_lost\""}) == 1);
    BOOST_TEST(metric(metrics, "otpd_checks_total", {"outcome=\"verified\""}) == 10);
    BOOST_TEST(metric(metrics, "otpd_checks_total", {"outcome=\"wrong\""}) == 15);
    BOOST_TEST(metric(metrics, "otpd_checks_total", {"outcome=\"absent\""}) == 10);
    BOOST_TEST(metric(metrics, "otpd_checks_total", {"outcome=\"exhausted\""}) == 1);
    BOOST_TEST(metric(metrics, "otpd_upstream_requests_total", {"operation=\"send_sms\""}) == 13);
    BOOST_TEST(metric(metrics, "otpd_store_operation_duration_seconds_count",
                      {"operation=\"admit\""}) == 23);
    BOOST_TEST(metric(metrics, "otpd_store_operation_duration_seconds_count",
                      {"operation=\"settle\""}) == 13);
    BOOST_TEST(metric(metrics, "otpd_live_codes") == 2); // the exhausted one and the unknown one
    BOOST_TEST(metric(metrics, "otpd_log_lines_dropped_total") == 0);
}

BOOST_AUTO_TEST_CASE(the_start_says_how_old_the_numbering_plans_are) {
    service_fixture service;
    auto const lines = service.otpd.events("numbering_plans");
    BOOST_TEST_REQUIRE(lines.size() == 1U);
    BOOST_TEST(!lines[0].at("library").as_string().empty());
    BOOST_TEST(lines[0].at("dated").as_string().size() == std::string_view("2026-01-31").size());
    BOOST_TEST(lines[0].at("age_days").to_number<int>() >= 0);
}

// CWE-117: input is data in a line, never a line.
BOOST_AUTO_TEST_CASE(hostile_input_makes_no_line_of_its_own) {
    recorded_service service;
    std::vector<std::string> const hostile{"a\r\n{\"event\":\"forged\"}",
                                           "\x1b[2J",
                                           "\u2028{\"event\":\"forged\"}",
                                           "\",\"level\":\"error\",\"event\":\"forged",
                                           "\\\",\"event\":\"forged",
                                           std::string("nul\0nul", 7),
                                           "\x7f",
                                           "%0d%0a{}",
                                           "\xC2\x85"};
    for (auto const& text : hostile) {
        service.ask(post("/send-otp", {{"phone_number", service.number()}, {"purpose", text}}));
        service.ask(post("/send-otp", {{"phone_number", text}}));
        service.ask(post("/verify-otp",
                         {{"phone_number", service.number()}, {"code", text}, {"purpose", text}}));
        service.ask(get("/livez").with("X-Request-Id", text));
        service.ask(get("/livez").with("User-Agent", text));
        service.ask(get("/" + text));
        auto request = get("/livez");
        request.method = text;
        service.ask(request);
    }
    BOOST_TEST(service.otpd.stop() == 0);
    auto const log = service.otpd.log();
    BOOST_TEST(service.otpd.events("forged").empty());
    BOOST_TEST(service.otpd.process().output().find('\x1b') == std::string::npos);
    BOOST_TEST(service.otpd.process().output().find("\u2028") == std::string::npos);
    auto const answered = service.otpd.events("request").size();
    BOOST_TEST(answered == service.requests);
}

BOOST_AUTO_TEST_SUITE_END()
