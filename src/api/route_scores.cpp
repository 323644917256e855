// GET /routes/scores: the recent performance of each route, for the operator

#include "json_writer.hpp"
#include "problems.hpp"
#include "query.hpp"
#include "route_table.hpp"

#include <algorithm>
#include <string>

namespace otpd::api {

namespace {

constexpr int shortest_window = 3600;
constexpr int longest_window = std::chrono::seconds(otp::score_window_max).count();

std::string read_country(query& asked) {
    constexpr std::string_view name = "country";
    auto const text = asked.text(name);
    if (!text) return {};
    bool const letters = std::ranges::all_of(*text, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (text->size() != 2 || !letters)
        asked.reject(name, "Value error, country must be two upper-case letters.");
    return std::string(*text);
}

otp::score_query read_query(query& asked) {
    otp::score_query query;
    query.country = read_country(asked);
    if (auto const seconds = asked.integer("window", shortest_window, longest_window))
        query.window = std::chrono::seconds(*seconds);
    return query;
}

template <class T>
std::optional<std::string> write(std::optional<otp::statistic<T>> const& statistic) {
    if (!statistic) return std::nullopt;
    json_writer written;
    written.add("value", statistic->value).add("samples", statistic->samples);
    if (statistic->within)
        written.add("low", statistic->within->low).add("high", statistic->within->high);
    return written.finish();
}

std::string write_score(otp::route_score const& of) {
    json_writer score;
    score.add("route_id", of.route_id)
        .add("country", unless_empty(of.country))
        .add("sent", of.sent)
        .add("accepted", of.accepted)
        .add("delivered", of.delivered)
        .add("failed", of.failed)
        .add("verified", of.verified);
    auto const add = [&score](std::string_view name, auto const& statistic) {
        score.add_json(name, write(statistic).value_or("null"));
    };
    add("accepted_share", of.accepted_share);
    add("delivered_share", of.delivered_share);
    add("verified_share", of.verified_share);
    add("delivery_seconds_median", of.delivery_seconds_median);
    add("delivery_seconds_p95", of.delivery_seconds_p95);
    add("cost_per_sent", of.cost_per_sent);
    add("cost_per_verified", of.cost_per_verified);
    return score.finish();
}

} // namespace

answer route_scores(api_call call) {
    query asked(call.request.query(), {"country", "window"});
    auto const query = read_query(asked);
    if (!asked.valid()) co_return to_response(asked.problem(), call.request);
    auto const found = call.deps.stats.scores(query);
    std::optional<std::int64_t> age;
    if (auto const passed = call.deps.stats.age()) age = passed->count();
    co_return http::response{.body = json_writer()
                                         .add("window_seconds", query.window.count())
                                         .add("age_seconds", age)
                                         .add_array("scores", found, write_score)
                                         .finish()};
}

} // namespace otpd::api
