/// Bodies of identity providers, and their texts as templates.

#include "api/free_text.hpp"
#include "api/hook_message.hpp"
#include "otpd/core/encoding.hpp"
#include "target.hpp"

#include <algorithm>
#include <string>

using otpd::fuzz::must;
namespace api = otpd::api;

namespace {

bool is_code(std::string_view text) {
    return text.size() >= otpd::otp::given_code::min_length &&
           text.size() <= otpd::otp::given_code::max_length &&
           std::ranges::all_of(text, [](char c) {
               auto const lower = otpd::to_lower(c);
               return otpd::is_ascii_digit(c) || (lower >= 'a' && lower <= 'z');
           });
}

void check_text(api::free_text const& read, std::string_view code) {
    constexpr std::string_view placeholder = "{code}";
    auto text = read.text;
    auto const at = text.find(placeholder);
    must(at != std::string::npos, "a template has the code");
    text.replace(at, placeholder.size(), " ");
    must(text.find_first_of("{}@\n") == std::string::npos, "it has no other placeholder and line");
    must(text.find(code) == std::string::npos, "the code is in the text once");
    must(std::ranges::count_if(text, otpd::is_ascii_digit) <= 6, "it has no phone number");
    auto const link = text.find("://");
    must(link == std::string::npos ||
             otpd::lower_case(text.substr(link + 3)).starts_with("shop.example"),
         "a link is to the client's site");
    must(!read.suffix || read.suffix->text == "shop.example", "autofill is for the client's site");
}

} // namespace

OTPD_FUZZ_TARGET(hook_request) {
    otpd::fuzz::cutter cut(bytes);
    auto const provider =
        static_cast<api::identity_provider>(cut.byte() % api::provider_names.size());
    auto const message = api::read_hook_message(provider, cut.rest());
    if (!message) return;
    must(!message->to.empty() && !message->code.empty(), "a message has a number and a code");
    auto const& code = message->code.reveal();
    static otpd::otp::client const client = [] {
        otpd::otp::client one;
        one.web_otp_hosts = {"shop.example"};
        return one;
    }();
    if (!is_code(code)) return;
    if (auto const text = api::read_free_text(message->text.reveal(), code, client))
        check_text(*text, code);
}
