#include "otpd/otp/number_report.hpp"

#include "limits/destination_check.hpp"
#include "limits/limiter.hpp"
#include "scope.hpp"
#include "seconds.hpp"
#include "verifications/views.hpp"

#include <algorithm>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// 0 stays 0.
std::chrono::seconds seconds_of(store::duration wait) {
    return std::chrono::ceil<std::chrono::seconds>(wait);
}

/// Whether the limit counts something else than the number or everybody.
bool is_of_others(limit const& rule) noexcept {
    return rule.key == limit_key::end_user_address || rule.key == limit_key::caller_address ||
           rule.key == limit_key::client;
}

/// Whether each client has its own count.
bool is_of_one_client(limit const& rule) noexcept {
    return rule.key == limit_key::number || !rule.client.empty();
}

limit_key key_of_guard(std::string_view name) noexcept {
    return name == pumping_country ? limit_key::country : limit_key::prefix;
}

} // namespace

/// What one client's step of the store asks.
struct number_report::question {
    store::inspection request;
    std::vector<reported_limit> limits; ///< of its rate-limit checks, in order
};

number_report::question number_report::question_of(phone_number const& number, client const& client,
                                                   std::string const& country,
                                                   bool is_first) const {
    caller asking;
    asking.client = &client;
    question asked;
    auto& request = asked.request;
    request.number = keys_.hash(client.name, number);
    request.guesses = rules_.guesses;
    limiter::limit_keys const keys{asking, number, request.number, country};
    if (is_first) request.guards = limits_.guards(keys);
    for (auto& key : limits_.rate_limit_checks(limit_step::send, keys)) {
        auto const& rule = *std::ranges::find(rules_.limits, key.counter, &limit::name);
        if (is_of_others(rule) || (!is_of_one_client(rule) && !is_first)) continue;
        auto& shown = asked.limits.emplace_back();
        shown.key = rule.key;
        if (is_of_one_client(rule)) shown.client = client.name;
        shown.is_observed = key.observed;
        request.rate_limit_checks.push_back(std::move(key));
    }
    return asked;
}

reported_client number_report::client_of(client const& client, store::inspected const& seen,
                                         store::number_key const& number) const {
    reported_client one;
    one.client = client.name;
    one.known_devices = seen.devices;
    one.wrong_guesses = seen.wrong_guesses;
    one.failures_in_a_row = seen.failures_in_a_row;
    one.locked_for = seconds_of(seen.locked_for);
    one.devices_locked_for = seconds_of(seen.devices_locked_for);
    for (auto const& cooldown : seen.cooldowns)
        one.cooldowns.push_back(
            {purpose_of(cooldown.scope), cooldown.is_known, whole_seconds(cooldown.ends_in)});
    for (auto const& verification : seen.verifications)
        one.verifications.push_back(
            view_of(keys_.seal({number, verification.id}), verification, rules_, client));
    return one;
}

void number_report::add_limits(std::vector<reported_limit>& to, question const& asked,
                               store::inspected const& seen, bool with_own) {
    auto const& checks = asked.request.rate_limit_checks;
    for (std::size_t n = 0; n < std::min(checks.size(), seen.resets_in.size()); ++n) {
        if (!asked.limits[n].client.empty() && !with_own) continue;
        auto& one = to.emplace_back(asked.limits[n]);
        static_cast<limit_status&>(one) = limiter::status_of(checks[n], seen.resets_in[n]);
    }
    auto const& guards = asked.request.guards;
    for (std::size_t n = 0; n < std::min(guards.size(), seen.guards.size()); ++n) {
        auto& one = to.emplace_back();
        one.name = guards[n].name;
        one.key = key_of_guard(one.name);
        one.is_observed = guards[n].observed;
        one.quota = guards[n].out_max;
        one.window = std::chrono::hours(1);
        one.remaining = static_cast<std::uint64_t>(seen.guards[n].room);
        one.resets_in = seconds_of(seen.guards[n].next_room);
    }
}

reported_destination number_report::where(phone_number const& number,
                                          std::vector<client> const& clients) const {
    reported_destination found;
    auto const of_all = destinations_.check(number, client());
    found.country = of_all.country;
    found.is_allowed = !of_all.fault;
    found.why = of_all.why;
    found.is_trusted = limits_.is_trusted(number, of_all.country);
    if (found.is_allowed)
        for (auto const& client : clients)
            if (!client.countries.empty() && destinations_.check(number, client).fault)
                found.denied_clients.push_back(client.name);
    return found;
}

asio::awaitable<outcome<reported_number>>
number_report::find(phone_number number, std::vector<client> clients, deadline until) const {
    reported_number report;
    report.where = where(number, clients);
    for (std::size_t n = 0; n < clients.size(); ++n) {
        if (n == reported_clients_max || (n > 0 && until.expired())) {
            report.next = clients[n].name;
            break;
        }
        auto const asked = question_of(number, clients[n], report.where.country, n == 0);
        auto request = asked.request;
        auto seen = co_await store_.inspect(std::move(request));
        if (!seen) co_return failure{errc::store_unavailable, retry_soon};
        bool const is_empty = seen->is_empty();
        add_limits(report.limits, asked, *seen, !is_empty || clients.size() == 1);
        if (!is_empty) report.clients.push_back(client_of(clients[n], *seen, asked.request.number));
    }
    co_return report;
}

} // namespace otpd::otp
