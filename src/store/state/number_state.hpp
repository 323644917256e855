#pragma once

/// The state of one client and number as plain data, and its stored form: its live codes, the
/// verifications of its scopes, its own limits, the cooldowns, the wrong guesses and the known
/// devices. Times are the store's, to the millisecond except for limits. Contains no rules; those
/// are in store/engine.

#include "otpd/store/admission.hpp"
#include "otpd/store/verification.hpp"
#include "state/blob.hpp"
#include "state/event_list.hpp"
#include "state/packed_receipt.hpp"
#include "store_time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store::state {

/// Instances follow the store's clock to a tenth of a second. A wrong clock wrote any time that is
/// further in the future than this.
inline constexpr counter_time clock_tolerance = std::chrono::seconds(1);

/// Strangers and known devices have codes, cooldowns and counts of their own, so that strangers
/// never hold up a known device.
enum class requester_class : std::uint8_t { stranger, known_device };

/// One value of each class.
template <class T>
struct per_class {
    T stranger{};
    T known_device{};

    [[nodiscard]] T& operator[](requester_class whose) noexcept {
        return whose == requester_class::stranger ? stranger : known_device;
    }
    [[nodiscard]] T const& operator[](requester_class whose) const noexcept {
        return whose == requester_class::stranger ? stranger : known_device;
    }
    friend bool operator==(per_class const&, per_class const&) = default;
};

/// What has codes and a cooldown of its own: one class in one scope.
struct session_key {
    std::string_view scope;
    requester_class whose = requester_class::stranger;

    friend bool operator==(session_key const&, session_key const&) = default;
};

/// The wrong guesses of one requester at one code.
struct attempt_count {
    requester by{};
    std::uint32_t count = 0;

    friend bool operator==(attempt_count const&, attempt_count const&) = default;
};

/// One code that can be verified. Every verification whose message held it refers to it. These all
/// belong to the same session.
struct live_code {
    std::uint8_t number = 0; ///< unique in its state; never 0
    code_seed seed;
    store_time begun; ///< when its first send was admitted
    store_time end;
    std::vector<attempt_count> attempts; ///< wrong ones

    [[nodiscard]] std::uint32_t attempts_of(requester const& by) const noexcept;
    /// Returns the new count of the requester.
    std::uint32_t count_attempt(requester const& by);

    friend bool operator==(live_code const&, live_code const&) = default;
};

/// The second message of a verification.
struct hedge_state {
    delivery message = delivery::queued; ///< until it is settled; `failed`: also if it was not sent
    packed_receipt sent{};
    std::uint8_t step = 0; ///< that it took; 0: it is not settled, or was not sent
    store_time booked{};
};

/// The events and the receipts are views of the bytes that the state was read from.
struct verification_state {
    verification_id id{};
    std::string scope; ///< client and purpose
    progress code_state = progress::pending;
    delivery message = delivery::queued;
    bool is_settled = false; ///< its send is settled
    bool is_guessed = false; ///< a guess with its id was wrong
    bool is_sample = false;  ///< of how well routes perform (otpd/store/scores.hpp)
    std::uint8_t code = 0;   ///< live_code::number; 0 once it has ended
    requester by{};
    requester_class whose = requester_class::stranger;
    std::optional<device_hash> device; ///< that its send named
    plan_step taken;                   ///< by its first message; none without a plan
    store_time admitted;
    store_time retained_until;
    store_time lease_end;  ///< until when its send is in flight; 0 if it is not
    std::string reference; ///< of the caller; may be empty
    packed_receipt sent;
    std::optional<hedge_state> hedge; ///< only of one that has a step
    event_list events;

    /// What became of its messages: one that arrives is enough.
    [[nodiscard]] delivery delivered() const noexcept {
        if (!hedge || message == delivery::delivered) return message;
        bool const decides = hedge->message == delivery::delivered || message == delivery::failed;
        return decides ? hedge->message : message;
    }
    [[nodiscard]] bool is_live() const noexcept {
        return code_state == progress::pending || code_state == progress::active;
    }
    [[nodiscard]] session_key session() const noexcept { return {scope, whose}; }
    /// Ends the verification for good. drop_unused_codes() removes its code.
    void end(progress how) noexcept;
};

/// A rate limit that counts by this client and number: its theoretical arrival time (GCRA).
struct number_limit {
    std::string name;
    store_time tat; ///< to the microsecond

    friend bool operator==(number_limit const&, number_limit const&) = default;
};

/// The cooldown of one session.
struct cooldown_state {
    std::string scope;
    requester_class whose = requester_class::stranger;
    std::uint32_t sends = 0; ///< consecutive
    store_time since;        ///< when the pause began
    store_time pause_until;
    store_time streak_until; ///< when the session's sends are forgotten; >= pause_until

    [[nodiscard]] session_key session() const noexcept { return {scope, whose}; }
    friend bool operator==(cooldown_state const&, cooldown_state const&) = default;
};

/// No rule delays the next guess longer.
inline constexpr counter_time guess_wait_max = std::chrono::hours(1);

/// What a wrong guess was counted as.
enum class guess_kind : std::uint8_t {
    common,    ///< one of all strangers' together
    of_id,     ///< the one that an id has beyond those
    of_devices ///< one of all known devices' together
};

/// The wrong guesses of one requester in one part of a window.
struct wrong_guesses {
    requester by{};
    guess_kind kind = guess_kind::common;
    std::uint32_t count = 0;
    store_time since; ///< when the part began
    store_time counted_until;

    friend bool operator==(wrong_guesses const&, wrong_guesses const&) = default;
};

/// How long a device is known, and a number counts as verified, after the last success.
inline constexpr counter_time known_for = std::chrono::days(90);

struct known_device {
    device_hash hash{};
    store_time last_success;

    friend bool operator==(known_device const&, known_device const&) = default;
};

struct number_state {
    std::vector<live_code> codes;                  ///< in the order in which they began
    std::vector<verification_state> verifications; ///< in the order of their admission
    std::vector<number_limit> limits;
    std::vector<cooldown_state> cooldowns; ///< one per session
    std::vector<wrong_guesses> guesses;
    /// Guesses before this time are not evaluated; 0: none wait.
    per_class<store_time> guess_from;
    std::uint32_t failures_in_a_row = 0; ///< strangers' wrong guesses since the last success
    store_time last_failure;             ///< when failures_in_a_row last grew; 0: it is 0
    std::vector<known_device> devices;
    /// When the sends were admitted that began after a step that was tried before, the oldest
    /// first.
    std::vector<store_time> escalations;
    /// The last success; 0 if there was none in the last known_for. Not before that of any device.
    store_time verified_at;
    /// Codes that were sent since the last success, as far as they fit; 0 if there was none.
    per_class<std::uint8_t> untyped;

    [[nodiscard]] bool is_empty() const noexcept;
    void clear() noexcept; ///< keeps the memory of the lists
    void forget_failures() noexcept;

    /// Advances the state to `now`: drops what has expired, and moves times that a fast clock wrote
    /// to `now`. Returns whether it moved any; the state must then be written back, even if the
    /// step is refused.
    bool advance(store_time now);

    /// When the whole state may be deleted: a while after its last expiry, so that those who cached
    /// it still find it.
    [[nodiscard]] store_time retained_until() const noexcept;

    /// Removes the codes that no verification refers to.
    void drop_unused_codes() noexcept;

    /// The code of a live verification.
    [[nodiscard]] live_code& code_of(verification_state const& verification) noexcept {
        return *find_in(codes, &live_code::number, verification.code);
    }
    [[nodiscard]] live_code const& code_of(verification_state const& verification) const noexcept {
        return *find_in(codes, &live_code::number, verification.code);
    }
    [[nodiscard]] verification_state* find(verification_id const& id) noexcept {
        return find_in(verifications, &verification_state::id, id);
    }
    [[nodiscard]] verification_state const* find(verification_id const& id) const noexcept {
        return find_in(verifications, &verification_state::id, id);
    }
    [[nodiscard]] cooldown_state* find_cooldown(session_key const& session) noexcept {
        return find_in(cooldowns, &cooldown_state::session, session);
    }
    [[nodiscard]] number_limit* find_limit(std::string_view name) noexcept {
        return find_in(limits, &number_limit::name, name);
    }
    [[nodiscard]] number_limit const* find_limit(std::string_view name) const noexcept {
        return find_in(limits, &number_limit::name, name);
    }
};

/// The number of codes that can be verified, and when the first of them ends; store_time::max() if
/// there are none.
struct live_codes {
    std::uint32_t count = 0;
    store_time next_end = store_time::max();

    friend bool operator==(live_codes const&, live_codes const&) = default;
};
[[nodiscard]] live_codes count_live_codes(number_state const& state) noexcept;
/// The same for a stored state at that time.
[[nodiscard]] live_codes live_codes_in(std::string_view blob, store_time now);

/// Appends the state with this version.
void encode(std::string& to, number_state const& state, version written);
/// Replaces the contents of `state` and keeps its memory. Returns false and an empty `state` if the
/// bytes are no number state, or have an unknown format. The bytes must live as long as the state:
/// see verification_state.
[[nodiscard]] bool decode(std::string_view blob, number_state& state);

} // namespace otpd::store::state
