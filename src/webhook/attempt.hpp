#pragma once

/// One attempt to deliver a message to an endpoint: the request, and the meaning of the answer.

#include "endpoint_queue.hpp"
#include "otpd/net/http_message.hpp"
#include "otpd/webhook/webhooks.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace otpd::webhook {

/// A POST of `message` to `target`, signed with `secrets` as of `at`.
[[nodiscard]] net::http_request request_for(message const& message, std::string const& target,
                                            std::vector<secret_string> const& secrets,
                                            wall_time at);

struct verdict {
    enum class kind { delivered, failed, gone };
    kind is = kind::failed;
    std::string problem; ///< for the log: the status, or why there was none
    std::optional<std::chrono::seconds> retry_after; ///< at most longest_pause
};

/// Anything but a 2xx is a failure, a redirect too: where it leads nobody has allowed. 410: the
/// receiver wants no more.
[[nodiscard]] verdict judge(net::exchange_result const& exchanged);

[[nodiscard]] std::string_view word_of(net::exchange_error why) noexcept;

} // namespace otpd::webhook
