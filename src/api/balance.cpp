// GET /balance: what there is to spend, what was spent, and what may be spent; of a tenant what is its own

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

std::string write(otp::budget_view const& of) {
    std::optional<std::string_view> only;
    if (!of.only.empty()) only = of.only;
    return json_writer()
        .add("name", of.name)
        .add("period", word_of(of.period))
        .add("only", only)
        .add("cap", of.cap)
        .add("spent", of.spent)
        .add("ends_at", of.ends_at)
        .finish();
}

std::string write(otp::balance_view const& of) {
    std::vector<std::string> budgets;
    budgets.reserve(of.budgets.size());
    for (auto const& each : of.budgets)
        budgets.push_back(write(each));
    return json_writer()
        .add("balance", of.account.amount)
        .add("currency", of.account.currency)
        .add("sandbox", of.account.sandbox)
        .add("username", of.account.username)
        .add("ledger_drift", of.drift)
        .add("spent_this_hour", of.spent_this_hour)
        .add("spent_today", of.spent_today)
        .add("spent_this_month", of.spent_this_month)
        .add_array("budgets", budgets)
        .finish();
}

/// The same members: a tenant learns nothing of the account.
std::string write(otp::spending_view const& of) {
    std::vector<std::string> budgets;
    budgets.reserve(of.budgets.size());
    for (auto const& each : of.budgets)
        budgets.push_back(write(each));
    return json_writer()
        .add_null("balance")
        .add("currency", "EUR")
        .add_null("sandbox")
        .add_null("username")
        .add_null("ledger_drift")
        .add_null("spent_this_hour")
        .add("spent_today", of.spent_today)
        .add("spent_this_month", of.spent_this_month)
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
    auto& catalogue = call.uses.catalogue;
    if (call.client->is_tenant)
        co_return reply_of(co_await catalogue.spending(*call.client), call.request);
    co_return reply_of(co_await catalogue.balance(call.request.until()), call.request);
}

} // namespace otpd::api
