#pragma once

/// The messages of webhooks, and their form in an outbox.

#include "endpoint_queue.hpp"
#include "otpd/core/random.hpp"
#include "otpd/webhook/webhooks.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::webhook {

/// The one that the event has. Otherwise random, except for the end of a message: after a crash
/// that end may be reported again, and then its id is the same.
[[nodiscard]] outbox::id id_of(otp::verification_event const& event, random_source& random);

[[nodiscard]] std::shared_ptr<message const> message_of(outbox::id const& id,
                                                        otp::verification_event const& event);

struct kept_message {
    std::vector<std::string> endpoints;
    message content;
};
/// `endpoints`: names, separated by commas. Neither these nor the message's id and type have a line
/// feed.
[[nodiscard]] std::string text_of(std::string_view endpoints, message const& message);
/// Returns nullopt if the text is none of these.
[[nodiscard]] std::optional<kept_message> kept_message_of(std::string_view text);

} // namespace otpd::webhook
