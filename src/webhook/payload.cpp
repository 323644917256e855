#include "payload.hpp"

#include "otpd/core/decimal.hpp"
#include "otpd/core/utc.hpp"
#include "otpd/webhook/webhooks.hpp"

#include <boost/json/serialize.hpp>

namespace otpd::webhook {

namespace {

/// The currency of the upstream account. The upstream does not state it.
constexpr std::string_view account_currency = "EUR";

std::string json_text(std::string_view text) {
    return boost::json::serialize(boost::json::string_view(text));
}

/// The members of an object. Empty ones are omitted.
class members {
public:
    void add(std::string_view key, std::string_view text) {
        if (!text.empty()) add_raw(key, json_text(text));
    }
    void add_raw(std::string_view key, std::string_view json) {
        if (text_.size() != 1) text_ += ',';
        text_ += json_text(key);
        text_ += ':';
        text_ += json;
    }
    [[nodiscard]] std::string object() && {
        text_ += '}';
        return std::move(text_);
    }

private:
    std::string text_ = "{";
};

/// As in the reply of the send.
std::string list_of(std::vector<otp::route_result> const& steps) {
    std::string text = "[";
    for (auto const& step : steps) {
        members json;
        json.add_raw("route_id", std::to_string(step.route_id));
        json.add("outcome", step.outcome);
        json.add_raw("reason", step.reason.empty() ? "null" : json_text(step.reason));
        json.add_raw("price", step.price ? to_decimal(*step.price) : "null");
        if (text.size() != 1) text += ',';
        text += std::move(json).object();
    }
    return text += ']';
}

std::string data_of(otp::verification_event const& event) {
    members data;
    data.add("verification_id", event.verification_id);
    data.add("client", event.client);
    data.add("purpose", event.purpose);
    data.add("country", event.country);
    data.add("phone", event.phone);
    data.add("reference", event.reference);
    if (event.route_id != 0) data.add_raw("route_id", std::to_string(event.route_id));
    data.add("route_plan", event.plan);
    data.add("order_id", event.order_id);
    data.add("bx_message_id", event.bx_message_id);
    data.add("status", event.status);
    data.add("reason", event.reason);
    data.add("error", event.error);
    if (!event.steps.empty()) data.add_raw("steps", list_of(event.steps));
    if (event.cost) {
        data.add_raw("cost", to_decimal(*event.cost));
        data.add("currency", account_currency);
    }
    data.add("request_id", event.request_id);
    return std::move(data).object();
}

} // namespace

std::string_view type_of(otp::event_type kind) noexcept {
    using enum otp::event_type;
    switch (kind) {
    case accepted:
        return "verification.accepted";
    case delivered:
        return "verification.delivered";
    case failed:
        return "verification.failed";
    case verified:
        return "verification.verified";
    case exhausted:
        return "verification.exhausted";
    case blocked:
        return "verification.blocked";
    case refused:
    case admitted:
    case step_left:
    case unknown:
    case not_sent:
    case delivery:
    case wrong:
    case canceled:
        break;
    }
    return {};
}

std::string payload_of(otp::verification_event const& event) {
    members payload;
    payload.add("type", type_of(event.type));
    payload.add("timestamp", to_timestamp(event.at));
    payload.add_raw("data", data_of(event));
    return std::move(payload).object();
}

} // namespace otpd::webhook
