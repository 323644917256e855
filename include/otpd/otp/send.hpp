#pragma once

/// POST /send-otp: one code by one SMS.

#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/message.hpp"

#include <boost/asio/awaitable.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

struct sent;

/// The same key again, within policy::idempotency_retention, is answered with what was answered
/// first.
struct idempotency_key {
    static constexpr std::size_t max_key_length = 255;

    std::string key;
    std::array<std::byte, 16> fingerprint{}; ///< of what was asked for
    /// The answer to a send that was done, as it is to be remembered: at most 4096 bytes.
    std::function<std::string(sent const&)> write;
};

struct send_request {
    otp::caller caller;
    phone_number to;
    otpd::purpose purpose;
    /// One explicit route, or a plan's name; with neither the client's plan, the purpose's plan,
    /// the client's route and the policy's route are taken, the first that there is.
    std::optional<int> route_id = std::nullopt;
    std::optional<std::string> plan = std::nullopt;
    std::optional<money> max_price = std::nullopt; ///< of the SMS; the client's own limit holds too
    locale_tag locale = {};
    std::optional<autofill_suffix> suffix = std::nullopt; ///< the client's when not given
    std::optional<idempotency_key> idempotency = std::nullopt;
};

/// How much of a limit is left after a send.
struct limit_status {
    std::string name;
    std::uint64_t quota = 0;
    std::chrono::seconds window{};
    std::uint64_t remaining = 0;
    std::chrono::seconds resets_in{}; ///< until all of it is there again
};

struct sent {
    std::string id; ///< of the verification (key_ring::seal)
    int route_id = 0;
    std::string plan; ///< empty: a route was asked for, or is the default
    /// The routes that were looked at; the last is the one that was taken.
    std::vector<step_report> steps;
    std::chrono::seconds expires_in{};  ///< what is left of the code's life, rounded up
    std::chrono::seconds cooldown{};    ///< what is left until the next send, rounded up
    std::optional<passcode> debug_code; ///< only when the policy reveals codes
    bool test = false;                  ///< a test number: nothing was sent
    bridgexapi::accepted message;
    std::vector<limit_status> limits; ///< those that were charged, the tightest first
    /// Not empty: what idempotency_key::write made of the first send. Nothing else here means
    /// anything then.
    std::string replayed;
};

class draft_factory;
class followup;
struct send_parts;

/// From any executor; calls continue on the caller's.
class sender {
public:
    /// All must outlive it, and the calls that run.
    sender(draft_factory const& drafts, clock const& now, send_parts const& parts,
           followup const& follow_up)
        : drafts_(drafts), now_(now), parts_(parts), follow_up_(follow_up) {}

    /// Admits, transmits, settles. Cancelling the caller does not stop it: a send that was admitted
    /// is always settled, at the latest when `until` or the policy's send timeout has passed.
    boost::asio::awaitable<outcome<sent>> send(send_request request, deadline until);

private:
    boost::asio::awaitable<outcome<sent>> send_to_the_end(send_request request, deadline until);

    draft_factory const& drafts_;
    clock const& now_;
    send_parts const& parts_;
    followup const& follow_up_;
};

} // namespace otpd::otp
