// Replays reference-cases.json in order: what the reference service answered to 40 requests, and
// what otpd must answer, on its own terms and with compat.reference.

#include "service_fixture.hpp"

#include <fstream>
#include <map>
#include <sstream>
#include <utility>

using namespace otpd::test;

namespace {

json::array read_cases() {
    std::ifstream in(REFERENCE_CASES);
    std::ostringstream text;
    text << in.rdbuf();
    return json::parse(text.str()).as_object().at("cases").as_array();
}

/// The request of a case. Its codes are from another run: `wrong_codes` maps them to ours by
/// number.
http_request request_of(json::object const& from,
                        std::map<std::string, std::string> const& wrong_codes) {
    http_request request;
    request.method = std::string(from.at("method").as_string());
    request.target = std::string(from.at("path").as_string());
    auto body = from.at("body");
    if (auto* const object = body.if_object(); object != nullptr && object->contains("code")) {
        auto const known = wrong_codes.find(std::string(object->at("phone_number").as_string()));
        bool const digits = object->at("code").as_string().size() == 6;
        if (digits && known != wrong_codes.end()) object->at("code") = known->second;
    }
    if (auto const* const text = body.if_string())
        request.body = std::string(*text);
    else if (!body.is_null())
        request.body = json::serialize(body);
    auto const* const headers = from.at("headers").if_object();
    auto const* const type = headers != nullptr ? headers->if_contains("content-type") : nullptr;
    if (type == nullptr)
        request.fields.emplace_back("Content-Type", "application/json");
    else if (type->is_string())
        request.fields.emplace_back("Content-Type", type->as_string());
    return request;
}

/// Every field of the reference exists, with its type or null.
void check_fields(json::object const& reference, json::object const& ours) {
    for (auto const& [name, value] : reference) {
        auto const* const own = ours.if_contains(name);
        BOOST_TEST((own != nullptr && (own->kind() == value.kind() || own->is_null() ||
                                       (own->is_number() && value.is_number()))),
                   "field " << name);
    }
}

/// `detail` up to the seconds to wait, which are 1..45, and after them. The whole text and nothing
/// if it names no seconds.
std::pair<std::string, std::string> around_seconds(std::string const& detail) {
    constexpr std::string_view before = "Retry in ";
    auto const at = detail.find(before);
    if (at == std::string::npos) return {detail, ""};
    auto const first = at + before.size();
    auto const last = detail.find_first_not_of("0123456789", first);
    int const seconds = std::stoi(detail.substr(first, last - first));
    BOOST_TEST((seconds >= 1 && seconds <= 45), detail);
    return {detail.substr(0, first), detail.substr(last)};
}

/// The same text, except for the seconds, which depend on the machine.
void check_detail(std::string const& wanted, std::string const& got) {
    BOOST_TEST((around_seconds(got) == around_seconds(wanted)), got);
}

/// The invalid fields: all expected ones and no others.
void check_faults(json::array const& wanted, json::object const& problem) {
    json::array places;
    for (auto const& fault : problem.at("errors").as_array()) {
        places.push_back(fault.at("loc"));
        BOOST_TEST(fault.at("msg").is_string());
        BOOST_TEST(fault.at("type").is_string());
    }
    BOOST_TEST(json::serialize(places) == json::serialize(wanted));
}

void check_reply(json::object const& expected, json::object const& reference,
                 raw_reply const& reply) {
    auto const& status = expected.at("status");
    if (!status.is_null()) check_outcome(reply, status.to_number<unsigned>());
    if (reply.status == 200) {
        BOOST_TEST(reply.field("Content-Type") == "application/json");
        if (reference.at("status").to_number<unsigned>() == 200)
            check_fields(reference.at("json").as_object(), object_of(reply));
        return;
    }
    check_problem(reply);
    auto const problem = object_of(reply);
    if (!status.is_null() && expected.contains("detail"))
        check_detail(std::string(expected.at("detail").as_string()),
                     std::string(problem.at("detail").as_string()));
    if (expected.contains("fault_at")) check_faults(expected.at("fault_at").as_array(), problem);
}

/// What otpd answers with compat.reference where it is not the reference's status: what a number is
/// stays otpd's to say.
std::map<std::string_view, unsigned> const otherwise{{"send plus", 200},
                                                     {"send min10", 422},
                                                     {"send max15", 422},
                                                     {"verify short phone unknown", 422}};

/// `loc` of each fault.
std::string places_of(json::value const& faults) {
    json::array places;
    for (auto const& fault : faults.as_array()) {
        BOOST_TEST(fault.at("msg").is_string());
        BOOST_TEST(fault.at("type").is_string());
        places.push_back(fault.at("loc"));
    }
    return json::serialize(places);
}

/// The reference's status and form, and its words where it names what a program may ask for.
void check_as_reference(std::string_view name, json::object const& reference,
                        raw_reply const& reply) {
    auto const found = otherwise.find(name);
    bool const is_as_there = found == otherwise.end();
    auto const status = is_as_there ? reference.at("status").to_number<unsigned>() : found->second;
    BOOST_TEST(reply.status == status, reply.status << ' ' << reply.body);
    auto const& theirs = reference.at("json").as_object();
    if (name == "unknown path" || name == "get send") { // not of a route: a problem document
        BOOST_TEST(object_of(reply).at("detail") == theirs.at("detail"));
        return;
    }
    BOOST_TEST(reply.field("Content-Type") == "application/json");
    if (!is_as_there) return;
    auto const ours = object_of(reply);
    if (reply.status == 200) return check_fields(theirs, ours);
    auto const& detail = theirs.at("detail");
    for (auto const* const member : {"type", "title", "status", "errors"})
        BOOST_TEST(!ours.contains(member), member);
    BOOST_TEST(ours.at("code").is_string());
    if (detail.is_array())
        BOOST_TEST(places_of(ours.at("detail")) == places_of(detail));
    else if (reply.status == 502)
        BOOST_TEST(ours.at("detail").as_string().starts_with("SMS send failed: "));
    else
        check_detail(std::string(detail.as_string()), std::string(ours.at("detail").as_string()));
}

/// The reference's run verified the code of this number here; the list omits that request.
constexpr std::string_view after_a_verification = "verify replay";

/// Sends the requests in order and hands each answer to `check`.
template <class Check>
void replay(service_fixture& service, Check check) {
    std::map<std::string, std::string> codes;
    std::map<std::string, std::string> wrong_codes;
    auto const cases = read_cases();
    BOOST_TEST(cases.size() == 40U);

    for (auto const& item : cases) {
        auto const& one = item.as_object();
        BOOST_TEST_CONTEXT("case " << one.at("name").as_string()) {
            auto const request = request_of(one.at("request").as_object(), wrong_codes);
            if (one.at("name").as_string() == after_a_verification) {
                auto const number =
                    std::string(json::parse(request.body).at("phone_number").as_string());
                auto const verified = service.verify(number, codes.at(number));
                BOOST_TEST_REQUIRE(verified.status == 200U);
                BOOST_TEST(object_of(verified).at("status").as_string() == "otp_verified");
                BOOST_TEST(object_of(verified).at("phone_number").as_string() == "*******8822");
                BOOST_TEST(object_of(verified).at("purpose").as_string() == "login");
                BOOST_TEST(object_of(verified).at("verified").as_bool());
            }
            auto const reply = service.client.ask(request);
            check(one, reply);
            if (request.target == "/send-otp" && reply.status == 200) {
                auto const number =
                    std::string(json::parse(request.body).at("phone_number").as_string());
                codes[number] = std::string(object_of(reply).at("debug_code").as_string());
                wrong_codes[number] = wrong_code(codes[number]);
            }
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_reference_cases)

BOOST_AUTO_TEST_CASE(every_reference_case_is_answered_as_promised) {
    service_fixture service;
    replay(service, [](json::object const& one, raw_reply const& reply) {
        check_reply(one.at("expect").as_object(), one.at("reference").as_object(), reply);
    });
}

BOOST_AUTO_TEST_CASE(with_compat_reference_every_case_is_answered_as_the_reference_did) {
    service_fixture service(environment{{"OTPD_COMPAT_REFERENCE", "true"}});
    replay(service, [](json::object const& one, raw_reply const& reply) {
        check_as_reference(one.at("name").as_string(), one.at("reference").as_object(), reply);
    });
}

BOOST_AUTO_TEST_SUITE_END()
