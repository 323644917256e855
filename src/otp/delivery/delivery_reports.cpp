#include "otpd/otp/delivery_reports.hpp"

#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

namespace otpd::otp {

void delivery_reports::ended(std::string_view state, int route_id) const {
    metrics_.message_ended(state, route_id);
}

void delivery_reports::open(std::size_t messages) const {
    metrics_.messages_open(messages);
}

void delivery_reports::not_followed() const {
    metrics_.message_not_followed();
}

void delivery_reports::available() const {
    log_.info("delivery_reports_available");
}

void delivery_reports::unavailable(bridgexapi::failure const& why, std::size_t open) const {
    log_.warn(
        "delivery_reports_unavailable",
        {{"reason", bridgexapi::to_string(why.why)}, {"status", why.http_status}, {"open", open}});
}

void delivery_reports::page_lowered(std::int64_t limit) const {
    log_.warn("delivery_page_lowered", {{"limit", limit}});
}

void delivery_reports::not_stored() const {
    log_.warn("delivery_not_stored");
}

void delivery_reports::poll_failed(std::string_view why) const {
    log_.error("delivery_poll_failed", {{"reason", why}});
}

void delivery_reports::update_failed() const {
    log_.error("delivery_update_failed");
}

void delivery_reports::tracker_ended() const {
    log_.error("delivery_tracker_ended");
}

} // namespace otpd::otp
