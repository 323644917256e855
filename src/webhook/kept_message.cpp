#include "kept_message.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/secret.hpp"
#include "payload.hpp"

#include <algorithm>

namespace otpd::webhook {

namespace {

/// The text before the next line feed or other mark; nullopt without one.
std::optional<std::string> next_line(std::string_view& rest, char mark = '\n') {
    auto const end = rest.find(mark);
    if (end == std::string_view::npos) return std::nullopt;
    std::string line(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    return line;
}

} // namespace

outbox::id id_of(otp::verification_event const& event, random_source& random) {
    auto id = event.entry.id;
    if (id != outbox::id()) return id;
    bool const is_end =
        event.type == otp::event_type::delivered || event.type == otp::event_type::failed;
    if (!is_end || event.verification_id.empty()) {
        random.fill(id);
        return id;
    }
    auto const digest =
        digest_of(std::string(type_of(event.type)).append(" ").append(event.verification_id));
    std::copy_n(digest.begin(), id.size(), id.begin());
    return id;
}

std::shared_ptr<message const> message_of(outbox::id const& id,
                                          otp::verification_event const& event) {
    auto result = std::make_shared<message>();
    result->id = "msg_" + to_hex(id);
    result->type = type_of(event.type);
    result->payload = payload_of(event);
    result->trace = event.trace;
    return result;
}

std::string text_of(std::string_view endpoints, message const& message) {
    std::string text;
    for (std::string_view const endpoint :
         {endpoints, std::string_view(message.id), std::string_view(message.type)})
        text.append(endpoint).append("\n");
    return text.append(message.payload);
}

std::optional<kept_message> kept_message_of(std::string_view text) {
    auto const names = next_line(text);
    auto id = next_line(text);
    auto type = next_line(text);
    if (!names || !id || !type || !id->starts_with("msg_") || text.empty()) return std::nullopt;
    kept_message kept{{}, {*std::move(id), *std::move(type), std::string(text)}};
    std::string_view rest = *names;
    while (auto name = next_line(rest, ','))
        kept.endpoints.push_back(*std::move(name));
    kept.endpoints.emplace_back(rest);
    return kept;
}

} // namespace otpd::webhook
