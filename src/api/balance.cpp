// GET /balance: the balance, the spending and the budgets; for a tenant only its own

#include "budgets.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace otpd::api {

namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 3> periods{"hour", "day", "month"};

} // namespace

std::string write_budget(otp::budget_view const& view) {
    return json_writer()
        .add("name", view.name)
        .add("period", periods[static_cast<std::size_t>(view.period)])
        .add("only", unless_empty(view.only))
        .add("cap", view.cap)
        .add("spent", view.spent)
        .add("ends_at", view.ends_at)
        .finish();
}

namespace {

std::string write(otp::account_view const& account, otp::spending_view const& spending) {
    return json_writer()
        .add("balance", account.balance.amount)
        .add("currency", account.balance.currency)
        .add("sandbox", account.balance.sandbox)
        .add("username", account.balance.username)
        .add("ledger_drift", account.drift)
        .add("spent_this_hour", spending.spent_this_hour)
        .add("spent_today", spending.spent_today)
        .add("spent_this_month", spending.spent_this_month)
        .add_array("budgets", spending.budgets, write_budget)
        .finish();
}

/// The same members: a tenant learns nothing of the account.
std::string write(otp::spending_view const& spending) {
    return json_writer()
        .add_null("balance")
        .add("currency", "EUR")
        .add_null("sandbox")
        .add_null("username")
        .add_null("ledger_drift")
        .add_null("spent_this_hour")
        .add("spent_today", spending.spent_today)
        .add("spent_this_month", spending.spent_this_month)
        .add_array("budgets", spending.budgets, write_budget)
        .finish();
}

} // namespace

answer balance(api_call call) {
    auto const& report = call.deps.spending;
    auto const& client = *call.client;
    std::optional<otp::account_view> account;
    if (!client.is_tenant) {
        auto asked = co_await call.deps.catalogue.account(call.request.until());
        if (!asked) co_return to_response(to_problem(asked.error()), call.request);
        account = *std::move(asked);
    }
    // Not `co_await (... ? ... : ...)`: GCC 12 destroys the chosen awaitable twice.
    auto summed = account ? report.of_all() : report.of(client);
    auto const spent = co_await std::move(summed);
    if (!spent) co_return to_response(to_problem(spent.error()), call.request);
    co_return http::response{.body = account ? write(*account, *spent) : write(*spent)};
}

} // namespace otpd::api
