#include "payload.hpp"

#include "otpd/core/decimal.hpp"
#include "otpd/core/utc.hpp"
#include "otpd/webhook/webhooks.hpp"

#include <boost/json/serialize.hpp>

namespace otpd::webhook {

namespace {

/// The currency of the account at the upstream, which states it nowhere.
constexpr std::string_view account_currency = "EUR";

std::string quoted(std::string_view text) {
    return boost::json::serialize(boost::json::string_view(text));
}

/// Members of an object; those that say nothing are left out.
class members {
public:
    void add(std::string_view key, std::string_view text) {
        if (!text.empty()) add_raw(key, quoted(text));
    }
    void add_raw(std::string_view key, std::string_view json) {
        if (text_.size() != 1) text_ += ',';
        text_ += quoted(key);
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

std::string data_of(otp::occurrence const& what) {
    members data;
    data.add("verification_id", what.verification_id);
    data.add("client", what.client);
    data.add("purpose", what.purpose);
    data.add("country", what.country);
    data.add("phone", what.phone);
    if (what.route_id != 0) data.add_raw("route_id", std::to_string(what.route_id));
    data.add("route_plan", what.plan);
    data.add("order_id", what.order_id);
    data.add("bx_message_id", what.bx_message_id);
    data.add("status", what.status);
    data.add("reason", what.reason);
    if (what.cost) {
        data.add_raw("cost", to_decimal(*what.cost));
        data.add("currency", account_currency);
    }
    data.add("request_id", what.request_id);
    return std::move(data).object();
}

} // namespace

std::string_view type_of(otp::occurrence_kind kind) noexcept {
    using enum otp::occurrence_kind;
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

std::string payload_of(otp::occurrence const& what) {
    members payload;
    payload.add("type", type_of(what.what));
    payload.add("timestamp", to_timestamp(what.at));
    payload.add_raw("data", data_of(what));
    return std::move(payload).object();
}

} // namespace otpd::webhook
