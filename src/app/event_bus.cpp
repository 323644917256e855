#include "event_bus.hpp"

#include "otpd/core/encoding.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace otpd::app {

namespace {

/// The random half of an id, as in the log. It cannot be used in place of the id
/// (otp/key_ring.hpp).
std::string_view loggable_id(std::string_view verification_id) noexcept {
    constexpr std::size_t random_digits = 32;
    return verification_id.substr(0, random_digits);
}

/// The fields of a line, without empty ones.
class line_fields {
public:
    line_fields() { fields_.reserve(32); }

    void add(telemetry::field_name key, std::string_view text) {
        if (!text.empty()) fields_.emplace_back(key, text);
    }
    void add(telemetry::field_name key, std::optional<money> amount) {
        if (amount) fields_.emplace_back(key, amount->micros());
    }
    void add(telemetry::field_name key, std::chrono::milliseconds time) {
        if (time.count() != 0) fields_.emplace_back(key, time.count());
    }
    void add(telemetry::field_name key, int number) {
        if (number != 0) fields_.emplace_back(key, number);
    }
    void add(telemetry::field_name key, bool flag) {
        if (flag) fields_.emplace_back(key, flag);
    }
    [[nodiscard]] std::span<telemetry::field const> all() const noexcept { return fields_; }

private:
    std::vector<telemetry::field> fields_;
};

/// Empty for none.
std::string text_of(otp::pseudonym const& name) {
    return name == otp::pseudonym() ? std::string() : to_hex(name);
}

} // namespace

timeline_file::timeline_file(telemetry::rotating_file_options file, std::size_t queue_lines_max)
    : file_(std::move(file)), lines_(file_, telemetry::level::info, queue_lines_max) {}

void timeline_file::on_event(otp::verification_event const& event) noexcept {
    auto const number = text_of(event.who.number);
    auto const requester = text_of(event.who.requester);
    auto const prefix = text_of(event.who.prefix);
    line_fields line;
    line.add("at_ms", std::chrono::floor<std::chrono::milliseconds>(event.at.time_since_epoch()));
    line.add("verification_id", loggable_id(event.verification_id));
    line.add("request_id", event.request_id);
    line.add("client", event.client);
    line.add("purpose", event.purpose);
    line.add("country", event.country);
    line.add("phone", event.phone);
    line.add("reference", event.reference);
    line.add("number", number);
    line.add("requester", requester);
    line.add("prefix", prefix);
    line.add("device", event.device);
    line.add("test", event.is_test);
    line.add("challenge", event.is_solved);
    line.add("guess", event.is_guess);
    line.add("with_id", event.with_id);
    line.add("route_plan", event.plan);
    line.add("route_id", event.route_id);
    line.add("attempted", event.attempted);
    line.add("price_micros", event.price);
    line.add("cost_micros", event.cost);
    line.add("order_id", event.order_id);
    line.add("bx_message_id", event.bx_message_id);
    line.add("status", event.status);
    line.add("reason", event.reason);
    line.add("error", event.error);
    line.add("limits", event.limits);
    line.add("stale_connection", event.stale_connection);
    line.add("since_admitted_ms", event.since_admitted);
    line.add("since_accepted_ms", event.since_accepted);
    line.add("details", event.details);
    lines_.log(telemetry::level::info, to_string(event.type), line.all());
}

} // namespace otpd::app
