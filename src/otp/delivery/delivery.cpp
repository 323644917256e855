#include "otpd/otp/delivery.hpp"

#include <algorithm>
#include <array>

namespace otpd::otp {

namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> delivery_names{"queued", "accepted", "unknown",
                                                         "delivered", "failed"};
static_assert(delivery_names.size() == static_cast<std::size_t>(store::delivery::failed) + 1);

constexpr std::array<std::string_view, 4> failed_words{"FAILED", "EXPIRED", "REJECTED",
                                                       "UNDELIVERED"};

constexpr char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool is_word(std::string_view text, std::string_view upper_case) noexcept {
    return std::ranges::equal(text, upper_case, {}, upper);
}

/// The upstream's number may not be a valid phone_number.
std::string masked(std::string_view msisdn) {
    if (auto const number = phone_number::parse(msisdn)) return number->masked();
    constexpr std::size_t shown = 4;
    auto const hidden = msisdn.size() > 2 * shown ? msisdn.size() - shown : msisdn.size();
    return std::string(hidden, '*').append(msisdn.substr(hidden));
}

} // namespace

store::delivery state_of(std::string_view upstream_status) noexcept {
    if (is_word(upstream_status, "DELIVERED")) return store::delivery::delivered;
    auto const is_this = [&](std::string_view word) { return is_word(upstream_status, word); };
    return std::ranges::any_of(failed_words, is_this) ? store::delivery::failed
                                                      : store::delivery::accepted;
}

delivery_view view_of(bridgexapi::delivery_report const& report, wall_time asked_at) {
    return {.bx_message_id = report.bx_message_id,
            .phone = masked(report.msisdn),
            .state = state_of(report.status),
            .status = report.status,
            .route_id = report.route_id,
            .order_id = report.order_id,
            .error = report.error,
            .created_at = report.created_at,
            .asked_at = asked_at};
}

std::string_view to_string(store::delivery state) noexcept {
    return delivery_names[static_cast<std::size_t>(state)];
}

} // namespace otpd::otp
