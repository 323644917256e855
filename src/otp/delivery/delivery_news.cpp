#include "delivery/delivery_news.hpp"

#include "otpd/otp/timeline.hpp"

#include <algorithm>

namespace otpd::otp {

namespace {

/// Of the upstream's own texts, so that the details keep room for the rest.
constexpr std::size_t text_max = 100;
constexpr std::string_view not_sent = "not_sent";

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view cut(std::string_view text) noexcept {
    return text.substr(0, text_max);
}

std::chrono::milliseconds passed(open_message const& message, moment now) {
    return std::chrono::floor<std::chrono::milliseconds>(now.steady - message.since);
}

store::receipt receipt_of(open_message const& message, bridgexapi::delivery_report const& report) {
    auto const& told = message.what.told;
    store::receipt kept;
    kept.route_id = report.route_id.value_or(told.route_id);
    kept.order_id = report.order_id.value_or(told.order_id);
    kept.bx_message_id = report.bx_message_id;
    kept.cost = told.cost;
    return kept;
}

occurrence copy_of(open_message const& message, moment now) {
    occurrence told = message.what.told;
    told.at = now.wall;
    told.attempted = false;
    told.status.clear();
    told.reason.clear();
    told.since_accepted += passed(message, now);
    told.since_admitted += passed(message, now);
    return told;
}

} // namespace

bool is_final(store::delivery state) noexcept {
    return state == store::delivery::delivered || state == store::delivery::failed;
}

bool is_news(open_message const& message, bridgexapi::delivery_report const& report) {
    return !std::ranges::equal(message.status, report.status, {}, lower, lower);
}

store::delivery_update update_of(open_message const& message,
                                 bridgexapi::delivery_report const& report, moment now) {
    store::delivery_update update;
    update.at = message.what.at;
    update.message = state_of(report.status);
    details_writer details;
    details.add("status", cut(report.status));
    if (is_final(update.message)) {
        auto const seconds = std::chrono::floor<std::chrono::seconds>(
            message.what.told.since_accepted + passed(message, now));
        details.add("seconds", static_cast<std::int64_t>(seconds.count()));
    }
    if (report.error) details.add("error", cut(*report.error));
    update.details = details.text();
    bool const is_new = message.what.told.bx_message_id.empty() && !report.bx_message_id.empty();
    if (is_new) update.sent = receipt_of(message, report);
    return update;
}

occurrence occurrence_of(open_message const& message, bridgexapi::delivery_report const& report,
                         moment now, std::string details) {
    auto told = copy_of(message, now);
    switch (state_of(report.status)) {
    case store::delivery::delivered:
        told.what = occurrence_kind::delivered;
        break;
    case store::delivery::failed:
        told.what = occurrence_kind::failed;
        break;
    default:
        told.what = occurrence_kind::delivery;
    }
    told.status = report.status;
    told.bx_message_id = report.bx_message_id;
    if (report.order_id) told.order_id = *report.order_id;
    told.details = std::move(details);
    return told;
}

store::delivery_update found_update(open_message const& lost,
                                    bridgexapi::delivery_report const& report) {
    store::delivery_update update;
    update.at = lost.what.at;
    update.message = store::delivery::accepted;
    update.sent = receipt_of(lost, report);
    details_writer details;
    details.add("status", cut(report.status));
    details.add("order_id", cut(update.sent->order_id));
    details.add("bx_message_id", cut(update.sent->bx_message_id));
    update.details = details.text();
    return update;
}

store::delivery_update absent_update(open_message const& lost) {
    store::delivery_update update;
    update.at = lost.what.at;
    update.message = store::delivery::failed;
    update.details = details_writer().add("reason", not_sent).text();
    for (auto const& each : lost.what.booked) {
        store::adjustment back;
        back.of = each;
        back.change = -lost.what.expected.micros();
        update.adjustments.push_back(std::move(back));
    }
    return update;
}

occurrence absent_occurrence(open_message const& lost, moment now, std::string details) {
    auto told = copy_of(lost, now);
    told.what = occurrence_kind::failed;
    told.reason = not_sent;
    told.details = std::move(details);
    return told;
}

} // namespace otpd::otp
