#pragma once

/// What the store and the observers are told when more becomes known of a message, at `now`. Pure.

#include "delivery/open_messages.hpp"
#include "otpd/store/admission.hpp"

namespace otpd::otp {

[[nodiscard]] bool is_final(store::delivery state) noexcept;
/// Another word than the last one, without regard to case.
[[nodiscard]] bool is_news(open_message const& message, bridgexapi::delivery_report const& report);

[[nodiscard]] store::delivery_update
update_of(open_message const& message, bridgexapi::delivery_report const& report, moment now);
[[nodiscard]] occurrence occurrence_of(open_message const& message,
                                       bridgexapi::delivery_report const& report, moment now,
                                       std::string details);

/// A lost message was sent after all.
[[nodiscard]] store::delivery_update found_update(open_message const& lost,
                                                  bridgexapi::delivery_report const& report);
/// It was not: its expected price goes back to where it was taken from.
[[nodiscard]] store::delivery_update absent_update(open_message const& lost);
[[nodiscard]] occurrence absent_occurrence(open_message const& lost, moment now,
                                           std::string details);

} // namespace otpd::otp
