// GET /balance: what there is to spend, what was spent, and what may be spent; of a tenant what is
// its own

#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

#include <string>
#include <vector>

namespace otpd::api {

namespace {

std::string_view word_of(otp::budget_period period) {
    switch (period) {
    case otp::budget_period::hour:
        return "hour";
    case otp::budget_period::day:
        return "day";
    case otp::budget_period::month:
        return "month";
    }
    return {};
}

std::string write(otp::budget_view const& view) {
    std::optional<std::string_view> only;
    if (!view.only.empty()) only = view.only;
    return json_writer()
        .add("name", view.name)
        .add("period", word_of(view.period))
        .add("only", only)
        .add("cap", view.cap)
        .add("spent", view.spent)
        .add("ends_at", view.ends_at)
        .finish();
}

std::string write(otp::balance_view const& view) {
    std::vector<std::string> budgets;
    budgets.reserve(view.budgets.size());
    for (auto const& each : view.budgets)
        budgets.push_back(write(each));
    return json_writer()
        .add("balance", view.account.amount)
        .add("currency", view.account.currency)
        .add("sandbox", view.account.sandbox)
        .add("username", view.account.username)
        .add("ledger_drift", view.drift)
        .add("spent_this_hour", view.spent_this_hour)
        .add("spent_today", view.spent_today)
        .add("spent_this_month", view.spent_this_month)
        .add_array("budgets", budgets)
        .finish();
}

/// The same members: a tenant learns nothing of the account.
std::string write(otp::spending_view const& view) {
    std::vector<std::string> budgets;
    budgets.reserve(view.budgets.size());
    for (auto const& each : view.budgets)
        budgets.push_back(write(each));
    return json_writer()
        .add_null("balance")
        .add("currency", "EUR")
        .add_null("sandbox")
        .add_null("username")
        .add_null("ledger_drift")
        .add_null("spent_this_hour")
        .add("spent_today", view.spent_today)
        .add("spent_this_month", view.spent_this_month)
        .add_array("budgets", budgets)
        .finish();
}

template <class View>
http::response reply_of(otp::outcome<View> const& found, http::request const& request) {
    if (!found) return to_response(to_problem(found.error()), request);
    http::response reply;
    reply.body = write(*found);
    return reply;
}

} // namespace

answer balance(api_call call) {
    auto& catalogue = call.deps.catalogue;
    if (call.client->is_tenant)
        co_return reply_of(co_await catalogue.spending(*call.client), call.request);
    co_return reply_of(co_await catalogue.balance(call.request.until()), call.request);
}

} // namespace otpd::api
