// Converts settings from and to JSON, for POST and GET /__stub/config. It is strict: an error names
// an unknown name or a value of the wrong type, so that a typo fails the test at once.
#include "control.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace bridgexapi_stub {
namespace {

namespace json = boost::json;

[[noreturn]] void wrong(std::string_view name, std::string_view wanted) {
    throw std::invalid_argument{"\"" + std::string{name} + "\" must be " + std::string{wanted}};
}

bool boolean(std::string_view name, json::value const& value) {
    if (!value.is_bool()) wrong(name, "true or false");
    return value.get_bool();
}

std::int64_t whole(std::string_view name, json::value const& value) {
    if (!value.is_int64() || value.get_int64() < 0) wrong(name, "a whole number, 0 or more");
    return value.get_int64();
}

std::string string(std::string_view name, json::value const& value) {
    if (!value.is_string()) wrong(name, "a string");
    return std::string{value.get_string()};
}

json::object const& object(std::string_view name, json::value const& value) {
    if (!value.is_object()) wrong(name, "an object");
    return value.get_object();
}

json::array const& array(std::string_view name, json::value const& value) {
    if (!value.is_array()) wrong(name, "an array");
    return value.get_array();
}

double real(std::string_view name, json::value const& value) {
    if (!value.is_number()) wrong(name, "a number");
    return value.to_number<double>();
}

micro_euros euros(std::string_view name, json::value const& value) {
    return from_euros(real(name, value));
}

std::chrono::microseconds seconds(std::string_view name, json::value const& value) {
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::duration<double>{real(name, value)});
}

std::string one_of(std::string_view name, json::value const& value,
                   std::vector<std::string_view> const& choices) {
    auto text = string(name, value);
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
        std::string list;
        for (auto const& choice : choices)
            list.append(list.empty() ? "one of " : ", ").append(choice);
        wrong(name, list);
    }
    return text;
}

[[noreturn]] void unknown(std::string_view where, std::string_view name) {
    throw std::invalid_argument{std::string{where} + " has no \"" + std::string{name} + "\""};
}

std::set<std::int64_t> route_set(std::string_view name, json::value const& value) {
    std::set<std::int64_t> out;
    for (auto const& item : array(name, value))
        out.insert(whole(name, item));
    return out;
}

std::set<std::string> string_set(std::string_view name, json::value const& value) {
    std::set<std::string> out;
    for (auto const& item : array(name, value))
        out.insert(string(name, item));
    return out;
}

bool apply_to_account(account& to, std::string_view name, json::value const& value) {
    if (name == "balance")
        to.balance = euros(name, value);
    else if (name == "username")
        to.username = string(name, value);
    else if (name == "sandbox")
        to.sandbox = boolean(name, value);
    else if (name == "active")
        to.active = boolean(name, value);
    else if (name == "routes")
        to.routes = route_set(name, value);
    else if (name == "sender_ids")
        to.sender_ids = string_set(name, value);
    else
        return false;
    return true;
}

std::vector<account> read_accounts(json::value const& value) {
    std::vector<account> out;
    for (auto const& item : array("keys", value)) {
        account one;
        for (auto const& member : object("keys", item)) {
            if (member.key() == "key")
                one.key = string("key", member.value());
            else if (!apply_to_account(one, member.key(), member.value()))
                unknown("\"keys\"", member.key());
        }
        if (one.key.empty()) wrong("key", "given for every account");
        out.push_back(std::move(one));
    }
    return out;
}

void read_prices(price_table& to, json::value const& value) {
    for (auto const& item : array("prices", value)) {
        price entry;
        int route_id = 0;
        std::string prefix;
        for (auto const& member : object("prices", item)) {
            auto const name = member.key();
            if (name == "route")
                route_id = static_cast<int>(whole(name, member.value()));
            else if (name == "prefix")
                prefix = string(name, member.value());
            else if (name == "country")
                entry.country = string(name, member.value());
            else if (name == "hidden")
                entry.hidden = boolean(name, member.value());
            else if (name != "price")
                unknown("\"prices\"", name);
            else if (!member.value().is_null())
                entry.amount = euros(name, member.value());
        }
        to.set(route_id, std::move(prefix), std::move(entry));
    }
}

void read_refusals(settings& to, json::value const& value) {
    for (auto const& member : object("errors", value)) {
        std::size_t index = 0;
        while (index < refusal_count && to_string(static_cast<refusal>(index)) != member.key())
            ++index;
        if (index == refusal_count) unknown("\"errors\"", member.key());
        for (auto const& part : object(member.key(), member.value())) {
            if (part.key() == "status")
                to.refusals[index].status = static_cast<unsigned>(whole("status", part.value()));
            else if (part.key() == "detail")
                to.refusals[index].detail = string("detail", part.value());
            else
                unknown(member.key(), part.key());
        }
    }
}

void read_plan(delivery_plan& to, json::object const& from, std::string_view where,
               std::string* number) {
    for (auto const& member : from) {
        auto const name = member.key();
        auto const& value = member.value();
        if (name == "sent_seconds")
            to.sent_after = seconds(name, value);
        else if (name == "final_seconds")
            to.final_after = seconds(name, value);
        else if (name == "outcome")
            to.outcome = string(name, value);
        else if (name == "error")
            to.error = value.is_null() ? std::nullopt : std::optional{string(name, value)};
        else if (name == "number" && number)
            *number = string(name, value);
        else
            unknown(where, name);
    }
}

void read_rules(settings& to, json::value const& value) {
    to.rules.clear();
    for (auto const& item : array("dlr_rules", value)) {
        delivery_rule rule;
        rule.plan = to.plan;
        read_plan(rule.plan, object("dlr_rules", item), "\"dlr_rules\"", &rule.number);
        to.rules.push_back(std::move(rule));
    }
}

struct target {
    upstream_state& state;
    recorder& record;
};
using setter = void (*)(target, std::string_view, json::value const&);

// Applies to all accounts. Most tests have one.
void set_all_accounts(target to, std::string_view name, json::value const& value) {
    for (auto& one : to.state.accounts)
        apply_to_account(one, name, value);
}

std::map<std::string_view, setter> const& setters() {
    using value_ref = json::value const&;
    using name_ref = std::string_view;
    static std::map<std::string_view, setter> const table{
        {"keys", [](target to, name_ref, value_ref v) { to.state.accounts = read_accounts(v); }},
        {"balance", set_all_accounts},
        {"username", set_all_accounts},
        {"sandbox", set_all_accounts},
        {"routes", set_all_accounts},
        {"sender_ids", set_all_accounts},
        {"prices_clear",
         [](target to, name_ref n, value_ref v) {
             if (boolean(n, v)) to.state.prices.clear();
         }},
        {"prices", [](target to, name_ref, value_ref v) { read_prices(to.state.prices, v); }},
        {"errors", [](target to, name_ref, value_ref v) { read_refusals(to.state.config, v); }},
        {"validation_status",
         [](target to, name_ref n, value_ref v) {
             to.state.config.validation_status = static_cast<unsigned>(whole(n, v));
         }},
        {"validation_as_text",
         [](target to, name_ref n, value_ref v) {
             to.state.config.validation_as_text = boolean(n, v);
         }},
        {"routes_shape",
         [](target to, name_ref n, value_ref v) {
             to.state.config.routes_shape = one_of(n, v, {"array", "routes", "items", "data"});
         }},
        {"routes_items",
         [](target to, name_ref n, value_ref v) {
             to.state.config.routes_items = one_of(n, v, {"catalogue", "bot", "both"});
         }},
        {"pricing_shape",
         [](target to, name_ref n, value_ref v) {
             to.state.config.pricing_shape =
                 one_of(n, v, {"array", "pricing", "items", "prices", "data"});
         }},
        {"pricing_items",
         [](target to, name_ref n, value_ref v) {
             to.state.config.pricing_items =
                 one_of(n, v, {"country", "destination", "country_name"});
         }},
        {"balance_shape",
         [](target to, name_ref n, value_ref v) {
             to.state.config.balance_shape = one_of(n, v, {"flat", "account"});
         }},
        {"created_at",
         [](target to, name_ref n, value_ref v) {
             to.state.config.created_at = *parse_time_format(
                 one_of(n, v, {"naive", "micro", "zulu", "offset", "space", "epoch"}));
         }},
        {"sandbox_nulls",
         [](target to, name_ref n, value_ref v) { to.state.config.sandbox_nulls = boolean(n, v); }},
        {"empty_message",
         [](target to, name_ref n, value_ref v) { to.state.config.empty_message = boolean(n, v); }},
        {"same_country",
         [](target to, name_ref n, value_ref v) { to.state.config.same_country = boolean(n, v); }},
        {"unknown_order_is_error",
         [](target to, name_ref n, value_ref v) {
             to.state.config.unknown_order_is_error = boolean(n, v);
         }},
        {"numbers_max",
         [](target to, name_ref n, value_ref v) {
             to.state.config.numbers_max = static_cast<std::size_t>(whole(n, v));
         }},
        {"limit_max",
         [](target to, name_ref n, value_ref v) { to.state.config.limit_max = whole(n, v); }},
        {"dlr",
         [](target to, name_ref n, value_ref v) {
             read_plan(to.state.config.plan, object(n, v), "\"dlr\"", nullptr);
         }},
        {"dlr_rules", [](target to, name_ref, value_ref v) { read_rules(to.state.config, v); }},
        {"record", [](target to, name_ref n, value_ref v) { to.record.enabled = boolean(n, v); }},
        {"requests_max",
         [](target to, name_ref n, value_ref v) {
             to.record.requests_max = static_cast<std::size_t>(whole(n, v));
         }},
        {"messages_max",
         [](target to, name_ref n, value_ref v) {
             to.state.messages.set_messages_max(static_cast<std::size_t>(whole(n, v)));
         }},
    };
    return table;
}

json::object plan_to_json(delivery_plan const& plan) {
    using seconds_double = std::chrono::duration<double>;
    json::object out;
    out["sent_seconds"] = seconds_double{plan.sent_after}.count();
    out["final_seconds"] = seconds_double{plan.final_after}.count();
    out["outcome"] = plan.outcome;
    out["error"] = plan.error ? json::value{*plan.error} : json::value{};
    return out;
}

json::object account_to_json(account const& one) {
    json::object out;
    out["key"] = one.key;
    out["username"] = one.username;
    out["active"] = one.active;
    out["sandbox"] = one.sandbox;
    out["balance"] = to_euros(one.balance);
    out["routes"] = json::array(one.routes.begin(), one.routes.end());
    out["sender_ids"] = json::array(one.sender_ids.begin(), one.sender_ids.end());
    return out;
}

} // namespace

void apply_settings(upstream_state& state, recorder& record, json::object const& changes) {
    for (auto const& member : changes) {
        auto const found = setters().find(member.key());
        if (found == setters().end()) unknown("the configuration", member.key());
        found->second(target{state, record}, member.key(), member.value());
    }
}

json::object settings_to_json(upstream_state const& state, recorder const& record) {
    auto const& config = state.config;
    json::array keys;
    for (auto const& one : state.accounts)
        keys.push_back(account_to_json(one));
    json::object errors;
    for (std::size_t i = 0; i < refusal_count; ++i)
        errors[to_string(static_cast<refusal>(i))] = json::object{
            {"status", config.refusals[i].status}, {"detail", config.refusals[i].detail}};
    json::array rules;
    for (auto const& rule : config.rules) {
        auto item = plan_to_json(rule.plan);
        item["number"] = rule.number;
        rules.push_back(std::move(item));
    }
    json::object out;
    out["keys"] = std::move(keys);
    out["errors"] = std::move(errors);
    out["validation_status"] = config.validation_status;
    out["validation_as_text"] = config.validation_as_text;
    out["routes_shape"] = config.routes_shape;
    out["routes_items"] = config.routes_items;
    out["pricing_shape"] = config.pricing_shape;
    out["pricing_items"] = config.pricing_items;
    out["balance_shape"] = config.balance_shape;
    out["created_at"] = to_string(config.created_at);
    out["sandbox_nulls"] = config.sandbox_nulls;
    out["empty_message"] = config.empty_message;
    out["same_country"] = config.same_country;
    out["unknown_order_is_error"] = config.unknown_order_is_error;
    out["numbers_max"] = config.numbers_max;
    out["limit_max"] = config.limit_max;
    out["dlr"] = plan_to_json(config.plan);
    out["dlr_rules"] = std::move(rules);
    out["record"] = record.enabled;
    out["requests_max"] = record.requests_max;
    out["messages_max"] = state.messages.messages_max();
    return out;
}

} // namespace bridgexapi_stub
