/// JSON bodies of requests, and every field that is read from them.

#include "api/fields.hpp"
#include "api/json_body.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/otp/route_plan.hpp"
#include "target.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <string>

using otpd::fuzz::must;
namespace api = otpd::api;
namespace json = boost::json;

namespace {

bool is_printable(std::string_view text) {
    for (char const c : text)
        if (c < ' ' || c > '~') return false;
    return true;
}

void read_every_field(api::json_body& body) {
    if (auto const number = api::read_phone_number(body))
        must(otpd::all_ascii_digits(number->digits()), "a number is ASCII digits");
    if (auto const what = api::read_purpose(body))
        must(is_printable(what->name()) && !what->name().empty(), "a purpose is printable ASCII");
    if (auto const code = api::read_code(body, 6))
        must(code->reveal().size() >= otpd::passcode::min_length &&
                 otpd::all_ascii_digits(code->reveal()),
             "a code is as many digits as codes have");
    if (auto const id = api::read_verification_id(body))
        must(id->size() == 64, "an id is 64 digits");
    if (auto const address = api::read_end_user_address(body))
        must(!address->empty() && is_printable(*address), "an address is counted as text");
    if (auto const device = api::read_device(body))
        must(!device->empty() && device->size() <= 128 && is_printable(device->reveal()),
             "a device is bounded ASCII");
    auto const reference = api::read_reference(body);
    must(reference.size() <= 64 && is_printable(reference), "a reference is bounded ASCII");
    auto const variables = api::read_variables(body);
    must(variables.size() <= otpd::otp::variable::max_count, "variables are few");
    for (auto const& [name, value] : variables)
        must(!name.empty() && is_printable(name) && !value.empty() && is_printable(value) &&
                 value.size() <= otpd::otp::variable::max_value_length,
             "a variable is bounded ASCII");
    must(is_printable(api::read_locale(body).text), "a locale is ASCII");
    auto const route = api::read_route_id(body);
    must(!route || (*route >= 1 && *route <= 8), "a route is one of the catalogue");
    if (auto const plan = api::read_route_plan(body, route))
        must(!route && plan->size() <= otpd::otp::route_plan::max_name_length,
             "a plan's name is bounded and excludes a route");
    if (auto const price = api::read_max_price(body))
        must(price->micros() > 0, "a price is more than nothing");
    static otpd::otp::client const client = [] {
        otpd::otp::client one;
        one.web_otp_hosts = {"a.b", "example.org"};
        return one;
    }();
    if (auto const suffix = api::read_autofill_suffix(body, client))
        must(is_printable(suffix->text) && suffix->text.size() <= 64, "a tail fits into an SMS");
}

/// Checks what a client reads of the faults.
void check_problem(api::json_body const& body) {
    auto const shown = to_response(body.problem());
    must(shown.status == 422, "a fault of the body is 422");
    boost::system::error_code fault;
    auto const read = json::parse(shown.body, fault);
    must(!fault && read.is_object(), "a problem is JSON");
    must(!read.get_object().at("errors").get_array().empty(), "a problem says what is wrong");
}

} // namespace

OTPD_FUZZ_TARGET(request_body) {
    api::json_body loose(bytes, true); // compat.reference
    read_every_field(loose);
    api::json_body body(bytes);
    bool const readable = body.valid();
    json::parse_options eight_levels;
    eight_levels.max_depth = 8;
    boost::system::error_code fault;
    auto const tree = json::parse(bytes, fault, {}, eight_levels);
    must(!readable || (!fault && tree.is_object()), "only an object of JSON is read");
    read_every_field(body);
    if (readable) {
        auto const& object = tree.get_object();
        if (auto const text = body.optional_string("purpose"))
            must(*text == object.at("purpose").get_string(), "a member is what the JSON says");
    }
    if (!body.valid()) check_problem(body);
}
