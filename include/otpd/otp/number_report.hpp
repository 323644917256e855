#pragma once

/// What is known of a number, for an operator: its verifications with each client, and what the
/// limits of a send to it say now. Counts nothing.

#include "otpd/core/clock.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/limits.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/send.hpp"
#include "otpd/otp/verifications.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

/// Clients in one report, each of which costs one step of the store.
inline constexpr std::size_t reported_clients_max = 256;

struct reported_pause {
    std::string purpose;
    bool is_known = false;       ///< of known devices
    std::chrono::seconds left{}; ///< >= 1
};

/// A number with one client.
struct reported_client {
    std::string client;
    std::uint32_t known_devices = 0;
    std::uint32_t wrong_guesses = 0; ///< of all strangers together
    std::uint32_t failures_in_a_row = 0;
    std::chrono::seconds locked_for{};         ///< for strangers; 0: it is not
    std::chrono::seconds devices_locked_for{}; ///< for known devices
    std::vector<reported_pause> cooldowns;
    std::vector<verification_view> verifications; ///< the newest first
};

struct reported_limit : limit_status {
    limit_key key = limit_key::number;
    std::string client;       ///< whose sends it counts; empty: those of all
    bool is_observed = false; ///< it refuses nothing
};

struct reported_destination {
    std::string country;     ///< empty: unknown
    bool is_allowed = true;  ///< by the settings and the overrides
    std::string_view why;    ///< what denies or allows it; empty: nothing in particular
    bool is_trusted = false; ///< exempt from the conversion guard
    std::vector<std::string> denied_clients; ///< whose own countries exclude it
};

struct reported_number {
    std::vector<reported_client> clients; ///< those that have something to show
    std::vector<reported_limit> limits;
    reported_destination where;
    std::string next; ///< the first client that is not in the report; empty: it is complete
};

class destination_check;
class limiter;

/// Thread-safe: it may be used from any executor, and calls resume on the caller's.
class number_report {
public:
    /// All arguments must outlive this object and its running calls.
    number_report(policy const& rules, store::store& store, key_ring const& keys,
                  limiter const& limits, destination_check const& destinations)
        : rules_(rules), store_(store), keys_(keys), limits_(limits), destinations_(destinations) {}

    /// `clients` are asked one after the other, until the deadline. The limits of addresses and of
    /// clients are left out, because they are no number's. The failure is store_unavailable.
    boost::asio::awaitable<outcome<reported_number>>
    find(phone_number number, std::vector<client> clients, deadline until) const;

private:
    struct question;
    [[nodiscard]] question question_of(phone_number const& number, client const& client,
                                       std::string const& country, bool is_first) const;
    [[nodiscard]] reported_client client_of(client const& client, store::inspected const& seen,
                                            store::number_key const& number) const;
    static void add_limits(std::vector<reported_limit>& to, question const& asked,
                           store::inspected const& seen, bool with_own);
    [[nodiscard]] reported_destination where(phone_number const& number,
                                             std::vector<client> const& clients) const;

    policy const& rules_;
    store::store& store_;
    key_ring const& keys_;
    limiter const& limits_;
    destination_check const& destinations_;
};

} // namespace otpd::otp
