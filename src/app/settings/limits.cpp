#include "limits.hpp"

#include <array>

namespace otpd::app {

std::span<built_in_limit const> built_in_limits() noexcept {
    using enum otp::limit_key;
    using enum otp::limit_step;
    using std::chrono::hours;
    using std::chrono::minutes;
    using lms = limits_settings;
    static constexpr std::array<built_in_limit, 11> list{{
        {"number_10m", number, send, minutes(10), &lms::number_10m,
         "Sends of one API client to one number in 10 minutes; 0: no such limit."},
        {"number_24h", number, send, hours(24), &lms::number_24h,
         "Sends of one API client to one number in 24 hours; 0: no such limit."},
        {"all_clients_24h", number_of_all_clients, send, hours(24), &lms::all_clients_24h,
         "Sends of all API clients to one number in 24 hours, refused without a name; 0: no such "
         "limit."},
        {"address_1h", end_user_address, send, hours(1), &lms::address_1h,
         "Sends for one end user's address (end_user_ip) in an hour; 0: no such limit."},
        {"client_1m", client, send, minutes(1), &lms::client_1m,
         "Sends of one API client in a minute; 0: no such limit."},
        {"prefix_1h", prefix, send, hours(1), &lms::prefix_1h,
         "Sends in an hour to numbers that differ only in their last four digits; 0: no such "
         "limit."},
        {"country_1h", country, send, hours(1), &lms::country_1h,
         "Sends to one country in an hour; 0: no such limit."},
        {"global_1m", everybody, send, minutes(1), &lms::global_1m,
         "Sends of all API clients in a minute; 0: no such limit."},
        {"global_24h", everybody, send, hours(24), &lms::global_24h,
         "Sends of all API clients in 24 hours; 0: no such limit."},
        {"guesses_address_1h", end_user_address, guess, hours(1), &lms::guesses_address_1h,
         "Guesses without a verification_id for one end user's address in an hour; 0: no such "
         "limit."},
        {"guesses_client_1m", client, guess, minutes(1), &lms::guesses_client_1m,
         "Guesses without a verification_id of one API client in a minute; 0: no such limit."},
    }};
    return list;
}

} // namespace otpd::app
