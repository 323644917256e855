#include "replies.hpp"

#include "json_fields.hpp"

#include <limits>

namespace otpd::bridgexapi {

namespace json = boost::json;
namespace fields = json_fields;

namespace {

class document {
public:
    explicit document(std::string_view body) : json_(body) {}

    [[nodiscard]] json::value const* object() const noexcept {
        return json_.root().is_object() ? &json_.root() : nullptr;
    }

    /// Returns the document itself if it is an array, else the first of `names` that holds one.
    [[nodiscard]] json::value const* list(std::initializer_list<std::string_view> names) const {
        if (json_.root().is_array()) return &json_.root();
        if (object() == nullptr) return nullptr;
        for (auto const name : names) {
            auto const* field = fields::find(*object(), name);
            if (field != nullptr && field->is_array()) return field;
        }
        return nullptr;
    }

private:
    json_document json_;
};

bool says_success(json::value const& from) {
    auto const* status = fields::find(from, "status");
    return status != nullptr && *status == "success";
}

/// For responses with an optional envelope: `status` may be absent, but must not be anything else.
bool contradicts_success(json::value const& from) {
    return fields::find(from, "status") != nullptr && !says_success(from);
}

std::optional<int> small_integer(json::value const& from,
                                 std::initializer_list<std::string_view> names) {
    auto const value = fields::integer(from, names);
    if (!value || *value < 0 || *value > std::numeric_limits<int>::max()) return std::nullopt;
    return static_cast<int>(*value);
}

std::optional<route> to_route(json::value const& from) {
    auto const number = small_integer(from, {"route_id", "id"});
    if (!number) return std::nullopt;
    return route{.route_id = *number,
                 .name = fields::text(from, {"display_name", "name", "route"}).value_or(""),
                 .active = fields::flag(from, "is_active"),
                 .allowed = fields::flag(from, "allowed"),
                 .caller_id_required = fields::flag(from, "sender_id_required"),
                 .category = fields::text(from, {"category"}),
                 .access_policy = fields::text(from, {"access_policy"})};
}

std::optional<price> to_price(json::value const& from) {
    price result;
    result.country = fields::text(from, {"country", "destination", "country_name"}).value_or("");
    result.prefix = fields::id(from, {"country_prefix", "prefix", "code"}).value_or("");
    result.amount = fields::amount(from, "price");
    if (result.country.empty() && result.prefix.empty()) return std::nullopt;
    return result;
}

std::optional<delivery_report> to_delivery(json::value const& from) {
    auto id = fields::id(from, {"bx_message_id"});
    auto status = fields::text(from, {"status"});
    if (!id || !status) return std::nullopt;
    delivery_report result;
    result.bx_message_id = std::move(*id);
    result.status = std::move(*status);
    result.msisdn = fields::id(from, {"msisdn"}).value_or("");
    result.route_id = small_integer(from, {"route_id"});
    // A send calls it order_id, a report sms_order_id.
    result.order_id = fields::id(from, {"sms_order_id", "order_id"});
    result.created_at = fields::text(from, {"created_at"}).value_or("");
    result.error = fields::text(from, {"error"});
    return result;
}

/// Skips entries that `convert` does not accept, so that one bad entry does not affect the others.
template <class T>
std::vector<T> to_list(json::value const& from, std::optional<T> (*convert)(json::value const&)) {
    auto const& entries = from.get_array();
    std::vector<T> result;
    result.reserve(entries.size());
    for (auto const& entry : entries) {
        if (!entry.is_object()) continue;
        if (auto item = convert(entry)) result.push_back(std::move(*item));
    }
    return result;
}

} // namespace

std::optional<accepted> read_accepted(std::string_view body) {
    document const parsed(body);
    auto const* reply = parsed.object();
    if (reply == nullptr || !says_success(*reply)) return std::nullopt;
    auto const* messages = fields::find(*reply, "messages");
    if (messages == nullptr || !messages->is_array() || messages->get_array().empty())
        return std::nullopt;
    auto const& message = messages->get_array().front();
    if (!message.is_object()) return std::nullopt;

    return accepted{.order_id = fields::id(*reply, {"order_id"}),
                    .bx_message_id = fields::id(message, {"bx_message_id"}),
                    .cost = fields::amount(*reply, "cost"),
                    .balance_after = fields::amount(*reply, "balance_after")};
}

std::optional<estimate> read_estimate(std::string_view body) {
    document const parsed(body);
    auto const* reply = parsed.object();
    if (reply == nullptr || !says_success(*reply)) return std::nullopt;
    auto const cost = fields::amount(*reply, "estimated_cost");
    auto const funds = fields::amount(*reply, "balance");
    auto const sufficient = fields::flag(*reply, "sufficient_balance");
    auto const route_id = small_integer(*reply, {"route_id"});
    if (!cost || !funds || !sufficient || !route_id) return std::nullopt;

    return estimate{.route_id = *route_id,
                    .count = fields::integer(*reply, {"count"}).value_or(1),
                    .estimated_cost = *cost,
                    .currency = fields::text(*reply, {"currency"}).value_or("EUR"),
                    .balance = *funds,
                    .sufficient_balance = *sufficient,
                    .sandbox = fields::flag(*reply, "sandbox").value_or(false)};
}

std::optional<balance> read_balance(std::string_view body) {
    document const parsed(body);
    auto const* reply = parsed.object();
    if (reply == nullptr || contradicts_success(*reply)) return std::nullopt;
    auto const amount = fields::amount(*reply, "balance");
    if (!amount) return std::nullopt;

    balance result;
    result.amount = *amount;
    result.currency = fields::text(*reply, {"currency"}).value_or("EUR");
    result.sandbox = fields::flag(*reply, "sandbox");
    if (auto const* account = fields::object(*reply, {"account"}))
        result.username = fields::text(*account, {"username"});
    if (!result.username) result.username = fields::text(*reply, {"username"});
    return result;
}

std::optional<std::vector<route>> read_routes(std::string_view body) {
    document const parsed(body);
    auto const* list = parsed.list({"routes", "items", "data"});
    if (list == nullptr) return std::nullopt;
    return to_list(*list, to_route);
}

std::optional<std::vector<price>> read_pricing(std::string_view body) {
    document const parsed(body);
    auto const* list = parsed.list({"pricing", "items", "prices", "data"});
    if (list == nullptr) return std::nullopt;
    return to_list(*list, to_price);
}

std::optional<delivery_report> read_delivery(std::string_view body) {
    document const parsed(body);
    auto const* reply = parsed.object();
    if (reply == nullptr) return std::nullopt;
    return to_delivery(*reply);
}

std::optional<delivery_page> read_delivery_page(std::string_view body) {
    document const parsed(body);
    auto const* reply = parsed.object();
    auto const* list = parsed.list({"messages"});
    if (reply == nullptr || list == nullptr) return std::nullopt;

    delivery_page result;
    result.reports = to_list(*list, to_delivery);
    auto const listed = static_cast<std::int64_t>(result.reports.size());
    result.total = fields::integer(*reply, {"total"}).value_or(listed);
    result.skip = fields::integer(*reply, {"skip"}).value_or(0);
    result.limit = fields::integer(*reply, {"limit"}).value_or(listed);
    return result;
}

} // namespace otpd::bridgexapi
