#pragma once

/// POST /send-otp: sends one code with one SMS.

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

/// A repeated key gets the first response again, within policy::idempotency_retention.
struct idempotency_key {
    static constexpr std::size_t max_key_length = 255;

    std::string key;
    std::array<std::byte, 16> fingerprint{}; ///< of the request
    /// Writes the response of a completed send for the record: at most 4096 bytes.
    std::function<std::string(sent const&)> write;
};

struct send_request {
    otp::caller caller;
    phone_number to;
    otpd::purpose purpose;
    /// One explicit route, or the name of a plan. With neither, the send uses the first that exists
    /// of: scope_rules::plan, the client's route, the policy's route.
    std::optional<int> route_id = std::nullopt;
    std::optional<std::string> plan = std::nullopt;
    /// Of the SMS; the client's own limit applies too.
    std::optional<money> max_price = std::nullopt;
    locale_tag locale = {};
    std::optional<autofill_suffix> suffix = std::nullopt; ///< nullopt: the client's
    /// failure::challenge_token of an earlier send, for a challenge that the end user has solved.
    std::optional<std::string> challenge_token = std::nullopt;
    std::string reference = {}; ///< of the caller: up to store::reference_max visible ASCII
    std::optional<idempotency_key> idempotency = std::nullopt;
    std::vector<variable> variables = {}; ///< those of scope_rules::variables, in order
    /// Sent instead of the verification's own code, which then nobody learns. Whoever sends the
    /// same code to the same number again gets the first result: `idempotency` must be set, and
    /// only its `write` is used.
    std::optional<given_code> given = std::nullopt;
};

/// The rest of a limit after a send.
struct limit_status {
    std::string name;
    std::uint64_t quota = 0;
    std::chrono::seconds window{};
    std::uint64_t remaining = 0;
    std::chrono::seconds resets_in{}; ///< until the whole quota is available again
};

struct sent {
    std::string id; ///< of the verification (key_ring::seal)
    int route_id = 0;
    std::string plan; ///< empty: the route was requested or is the default
    /// The routes that were considered. The last one was used.
    std::vector<step_report> steps;
    std::chrono::seconds expires_in{};  ///< the rest of the code's lifetime, rounded up
    std::chrono::seconds cooldown{};    ///< until the next send is allowed, rounded up
    std::optional<passcode> debug_code; ///< only if the policy reveals codes
    bool test = false;                  ///< a test number: nothing was sent
    bridgexapi::accepted message;
    std::vector<limit_status> limits; ///< the limits that were counted, the tightest first
    /// The record that idempotency_key::write made of the first send. If it is not empty, no other
    /// member is valid.
    std::string replayed;
};

class draft_factory;
class followup;
class hedge_operation;
struct send_parts;

/// Thread-safe: it may be used from any executor, and calls resume on the caller's.
class sender {
public:
    /// All arguments must outlive this object and its running calls.
    sender(draft_factory const& drafts, clock const& now, send_parts const& parts,
           followup const& follow_up, hedge_operation const& second_message)
        : drafts_(drafts), now_(now), parts_(parts), follow_up_(follow_up),
          second_message_(second_message) {}

    /// Admits, transmits, settles. Cancelling the caller does not stop it: an admitted send is
    /// always settled, by `until` and by the policy's send timeout at the latest.
    boost::asio::awaitable<outcome<sent>> send(send_request request, deadline until);

private:
    boost::asio::awaitable<outcome<sent>> send_to_the_end(send_request request, deadline until);

    draft_factory const& drafts_;
    clock const& now_;
    send_parts const& parts_;
    followup const& follow_up_;
    hedge_operation const& second_message_;
};

} // namespace otpd::otp
