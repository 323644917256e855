/// The parts of a request outside of its body: a query, segments of a path, an Idempotency-Key. The
/// input is four lines: the query, a segment, the key, then the body for the key.

#include "api/idempotency_key.hpp"
#include "api/query.hpp"
#include "bridgexapi/requests.hpp"
#include "http/text.hpp"
#include "otpd/http/path_parameters.hpp"
#include "otpd/otp/operations.hpp"
#include "target.hpp"

#include <boost/json/parse.hpp>

#include <array>

using namespace otpd;
using fuzz::cutter;
using fuzz::must;

namespace {

/// The server accepts no other targets.
bool is_clean(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!http::target_characters.holds(text[i])) return false;
        if (text[i] != '%') continue;
        if (text.size() - i < 3 || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0 ||
            text.substr(i + 1, 2) == "00")
            return false;
    }
    return true;
}

void check_query(std::string_view text) {
    api::query asked(text, {"window", "country", "cursor"});
    auto const window = asked.integer("window", 60, 86400);
    must(!window || (*window >= 60 && *window <= 86400), "a number is within its bounds");
    must(!asked.text("unknown"), "a parameter that nobody knows is not read");
    if (auto const country = asked.text("country"))
        must(country->size() <= text.size(), "decoding makes nothing longer");
    if (asked.valid()) return;
    boost::system::error_code fault;
    auto const shown = to_response(asked.problem());
    must(shown.status == 422 && boost::json::parse(shown.body, fault).is_object() && !fault,
         "a fault of the query is a problem in JSON");
}

void check_segment(std::string_view text) {
    http::path_parameters parameters;
    parameters.append(text);
    auto const decoded = parameters[0];
    must(decoded.find('\0') == std::string_view::npos, "no NUL comes out of a path");
    if (auto const id = http::path_parameter<int>::parse(decoded))
        must(decoded.find_first_not_of("-0123456789") == std::string_view::npos,
             "a number is digits");
    // In a request to the upstream, an id is one segment.
    auto const request = bridgexapi::delivery_request(decoded);
    if (!request) return;
    must(is_clean(request->target), "a target holds nothing that must be escaped");
    must(request->target.find_first_of("?#") == std::string::npos, "an id is no query");
    auto const prefix = bridgexapi::delivery_request("x")->target;
    auto const segment = std::string_view(request->target).substr(prefix.size() - 1);
    must(segment.find('/') == std::string_view::npos && segment != "." && segment != "..",
         "an id leads to no other resource");
}

void check_key(std::string_view text, std::string_view body) {
    std::array const fields{http::field_view{"idempotency-key", text}};
    http::request_parts parts;
    parts.fields = fields;
    parts.body = body;
    http::request const request(parts);
    auto const key = api::read_idempotency_key(request);
    if (!key) return;
    must(key->has_value(), "a key that is there is read or refused");
    auto const& read = (*key)->key;
    must(!read.empty() && read.size() <= otp::idempotency_key::max_key_length, "a key is bounded");
    for (char const c : read)
        must(c >= ' ' && c <= '~', "a key is visible ASCII");
}

} // namespace

OTPD_FUZZ_TARGET(request_parameters) {
    cutter input(bytes);
    auto const query = input.line();
    auto const segment = input.line();
    auto const key = input.line();
    if (is_clean(query)) check_query(query);
    if (is_clean(segment) && segment.find('/') == std::string_view::npos) check_segment(segment);
    check_key(http::trim_ows(key), input.rest());
}
