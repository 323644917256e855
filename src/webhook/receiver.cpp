#include "receiver.hpp"

#include "attempt.hpp"
#include "otpd/net/public_address.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace otpd::webhook {

namespace {

std::uint32_t bit_of(otp::event_type kind) noexcept {
    return 1U << static_cast<unsigned>(kind);
}

std::uint32_t kinds_of(std::vector<std::string> const& events) {
    using otp::event_type;
    std::uint32_t result = 0;
    for (auto n = 0U; n <= static_cast<unsigned>(event_type::canceled); ++n) {
        auto const kind = static_cast<event_type>(n);
        auto const type = type_of(kind);
        bool const asked_for =
            events.empty() || std::find(events.begin(), events.end(), type) != events.end();
        if (!type.empty() && asked_for) result |= bit_of(kind);
    }
    return result;
}

net::https_client_options transport_options(endpoint const& endpoint, endpoint_url const& url,
                                            options const& with) {
    constexpr std::size_t reply_bytes_max = 256 * 1024; // the body is ignored, but a 200 is a 200
    constexpr std::chrono::milliseconds connect_timeout_max{5'000};
    net::https_client_options result;
    result.target = url.origin;
    result.ca_file = endpoint.ca_file;
    result.timeout = with.timeout;
    result.connect_timeout = std::min(with.timeout, connect_timeout_max);
    result.headers = secret_string("User-Agent: otpd\r\n");
    result.pool.connections_max = sent_at_a_time;
    result.pool.waiters_max = sent_at_a_time;
    result.pool.wait_max = with.timeout;
    result.pool.limits.body_bytes_max = reply_bytes_max;
    // A message may be sent twice, so reusing connections is safe.
    result.pool.probation = std::chrono::milliseconds::zero();
    // Disables the circuit breaker: each message has its own pauses between attempts.
    result.pool.circuit.failures_to_open = std::numeric_limits<unsigned>::max();
    if (!endpoint.allow_private) result.allowed = &net::is_public_address;
    return result;
}

/// Rejects a secret that is still encoded: it would sign too, but nobody could verify the
/// signature.
endpoint with_decoded_secrets(endpoint said) {
    auto const decoded = [](secret_string const& secret) {
        return !secret.empty() && !secret.reveal().starts_with("whsec_");
    };
    if (said.secrets.empty() || !std::all_of(said.secrets.begin(), said.secrets.end(), decoded))
        throw std::invalid_argument("the webhook " + said.name + " has a secret that is none");
    return said;
}

} // namespace

void connect_watch::connected(bool) {
    told_ = false;
}

void connect_watch::connect_failed(net::exchange_error why, boost::system::error_code error) {
    if (std::exchange(told_, true)) return;
    log_.warn("webhook_connect_failed",
              {{"endpoint", endpoint_}, {"reason", word_of(why)}, {"error", error.message()}});
}

receiver::receiver(net::strand const& strand, endpoint said, options const& its,
                   webhooks::dependencies const& deps)
    : who(with_decoded_secrets(std::move(said))), with(its), kinds(kinds_of(who.events)),
      url(parse_endpoint_url(who.url, who.allow_private)), watch(who.name, deps.log),
      client(strand.get_inner_executor(), transport_options(who, url, with), deps.random, watch),
      queue(with.queue_max), wake_up(strand) {}

bool receiver::is_same(endpoint const& later, options const& later_with) const {
    return who == later && with == later_with;
}

bool receiver::wants(otp::event_type kind) const noexcept {
    return (kinds & bit_of(kind)) != 0 && !off.load(std::memory_order_relaxed);
}

bool receiver::wants(otp::verification_event const& event) const noexcept {
    return wants(event.type) && (who.client.empty() || who.client == event.client);
}

} // namespace otpd::webhook
