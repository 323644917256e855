// [[webhook]].

#include "settings_table_reader.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>

namespace otpd::app {

namespace {

using kind = value_kind;
using webhook::endpoint;

constexpr std::size_t max_name_length = 32;

bool read_name(endpoint& to, std::string_view text) {
    to.name = text;
    return rules::is_name(text, "_-", max_name_length);
}

/// A base URL with a path and a query. Whether it may be http is a matter of allow_private.
bool read_url(endpoint& to, std::string_view text) {
    constexpr std::size_t most = 2048;
    to.url = text;
    bool const is_web = text.starts_with("https://") || text.starts_with("http://");
    auto const url = boost::urls::parse_uri(text);
    return text.size() <= most && is_web && url && !url->has_fragment() &&
           values::parse_base_url(text.substr(0, text.find('?')));
}

// --- secrets -------------------------------------------------------------------------------------

/// 0 to 63, or nothing.
std::optional<unsigned> base64_value(char c) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    auto const at = alphabet.find(c);
    if (at == std::string_view::npos) return std::nullopt;
    return static_cast<unsigned>(at);
}

/// RFC 4648 4, with its padding and without bits that mean nothing: one text for each secret.
std::optional<std::string> decode_base64(std::string_view text) {
    constexpr std::size_t group = 4;
    constexpr unsigned bits_of_digit = 6;
    constexpr unsigned bits_of_byte = 8;
    if (text.size() % group != 0) return std::nullopt;
    for (int i = 0; i < 2 && text.ends_with('='); ++i)
        text.remove_suffix(1);
    std::string out;
    unsigned bits = 0; // read and not written yet
    unsigned count = 0;
    for (char const c : text) {
        auto const value = base64_value(c);
        if (!value) return std::nullopt;
        bits = bits << bits_of_digit | *value;
        count += bits_of_digit;
        if (count < bits_of_byte) continue;
        count -= bits_of_byte;
        out += static_cast<char>(bits >> count);
        bits &= (1U << count) - 1;
    }
    if (bits != 0 || count >= bits_of_digit) return std::nullopt;
    return out;
}

/// As the Standard Webhooks write it.
std::optional<secret_string> parse_secret(std::string_view text) {
    constexpr std::string_view prefix = "whsec_";
    constexpr std::size_t least = 24;
    constexpr std::size_t most = 64;
    if (!text.starts_with(prefix)) return std::nullopt;
    auto bytes = decode_base64(text.substr(prefix.size()));
    if (!bytes || bytes->size() < least || bytes->size() > most ||
        !rules::has_different_bytes(*bytes))
        return std::nullopt;
    return secret_string(*std::move(bytes));
}

bool read_secrets(endpoint& to, std::string_view text) {
    constexpr std::size_t most = 4;
    for (auto const item : values::split_list(text)) {
        auto secret = parse_secret(item);
        if (!secret) return false;
        bool const is_there = std::ranges::any_of(to.secrets, [&](secret_string const& other) {
            return other.reveal() == secret->reveal();
        });
        if (is_there) return false;
        to.secrets.push_back(*std::move(secret));
    }
    return !to.secrets.empty() && to.secrets.size() <= most;
}

// --- what is told, and of whom -------------------------------------------------------------------

bool read_events(endpoint& to, std::string_view text) {
    static constexpr std::array<std::string_view, 6> known{
        "verification.accepted", "verification.delivered", "verification.failed",
        "verification.verified", "verification.exhausted", "verification.blocked"};
    for (auto const item : values::split_list(text)) {
        bool const is_there = std::ranges::find(to.events, item) != to.events.end();
        if (is_there || std::ranges::find(known, item) == known.end()) return false;
        to.events.emplace_back(item);
    }
    return true;
}
bool read_client(endpoint& to, std::string_view text) {
    to.client = text;
    return rules::is_name(text, "_-", otp::client::max_name_length);
}
bool read_allow_private(endpoint& to, std::string_view text) {
    return assign(values::parse_boolean(text), to.allow_private);
}
bool read_ca_file(endpoint& to, std::string_view text) {
    to.ca_file = text;
    return rules::is_path_or_empty(text);
}

constexpr reader<endpoint> readers[] = {
    {table_key{"webhook", "name", kind::text, "crm", "Its name in the log and in metrics.",
               "1 to 32 lower-case letters, digits, _ and -"}
         .needed(),
     read_name},
    {table_key{"webhook", "url", kind::text, "https://crm.shop.example/hooks/otp",
               "Where messages are posted; its path and query are shown nowhere.",
               "an https URL without user and fragment, at most 2048 characters (http for "
               "loopback addresses, with allow_private)"}
         .needed()
         .hidden(),
     read_url},
    {table_key{"webhook", "secrets", kind::text_list,
               "whsec_VGhpcyBpcyBhbiBleGFtcGxlLCBtYWtlIG9uZSE=",
               "Keys of the signatures (echo whsec_$(openssl rand -base64 32)); several while one "
               "replaces the other.",
               "1 to 4 different secrets: whsec_ and base64 of 24 to 64 random bytes, 8 of them "
               "different"}
         .needed()
         .hidden(),
     read_secrets},
    {{"webhook", "events", kind::text_list, "verification.delivered,verification.failed",
      "What is told; empty: all of it.",
      "a list of verification.accepted, verification.delivered, verification.failed, "
      "verification.verified, verification.exhausted and verification.blocked"},
     read_events},
    {{"webhook", "client", kind::text, "shop",
      "Tells of this client's verifications only; without it of everybody's.",
      "the name of a [[client]], or default for the holder of auth.token"},
     read_client},
    {{"webhook", "allow_private", kind::boolean, "false",
      "Messages may go to addresses that are not public, such as 10.0.0.1; false without it.",
      "true or false"},
     read_allow_private},
    {{"webhook", "ca_file", kind::text, "/etc/otpd/crm-ca.pem",
      "PEM file of authorities trusted with it; the system's without it.",
      "empty or the path of a PEM file"},
     read_ca_file},
};

void read_webhook(found_table const& from, settings& to, fault_lines& faults) {
    auto entry = read_entry<endpoint>(from, readers, faults);
    if (entry) to.webhook_endpoints.push_back(*std::move(entry));
}

} // namespace

table_kind webhook_table() noexcept {
    return {"webhook",
            "A server that is told what happens to verifications, signed as Standard Webhooks say.",
            [] { return keys_of<endpoint>(readers); }, read_webhook};
}

} // namespace otpd::app
