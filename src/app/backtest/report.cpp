#include "backtest/report.hpp"

#include "otpd/core/decimal.hpp"
#include "otpd/core/json_text.hpp"

#include <array>
#include <cstdio>
#include <set>

namespace otpd::app {

namespace {

struct expected_deliveries {
    double count = 0;
    std::uint64_t without_figures = 0; ///< messages on routes that the timeline does not have
};

/// By the delivered share of each route and country in the timeline, or else of the route.
expected_deliveries expected_of(backtest_figures const& figures) {
    std::map<int, backtest_route> by_route;
    for (auto const& [key, route] : figures.routes) {
        auto& sum = by_route[key.first];
        sum.accepted += route.accepted;
        sum.delivered += route.delivered;
    }
    expected_deliveries expected;
    for (auto const& [key, route] : figures.routes) {
        auto const& known = route.accepted > 0 ? route : by_route.at(key.first);
        if (known.accepted == 0) {
            expected.without_figures += route.replayed;
            continue;
        }
        expected.count += static_cast<double>(route.replayed) *
                          static_cast<double>(known.delivered) /
                          static_cast<double>(known.accepted);
    }
    return expected;
}

std::uint64_t delivered_in(backtest_figures const& figures) {
    std::uint64_t count = 0;
    for (auto const& [key, route] : figures.routes)
        count += route.delivered;
    return count;
}

std::string one_decimal(double value) {
    std::array<char, 64> text{};
    auto const length = std::snprintf(text.data(), text.size(), "%.1f", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.insert(0, width - text.size(), ' ');
    return text;
}

std::string row(std::string name, std::string const& happened, std::string const& replayed) {
    constexpr std::size_t name_width = 32;
    constexpr std::size_t width = 14;
    if (name.size() < name_width) name.append(name_width - name.size(), ' ');
    return name + padded(happened, width) + padded(replayed, width) + '\n';
}

std::uint64_t count_of(named_counts const& counts, std::string const& name) {
    auto const found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
}

std::string rows(named_counts const& happened, named_counts const& replayed) {
    std::set<std::string> names;
    for (auto const& [name, count] : happened)
        names.insert(name);
    for (auto const& [name, count] : replayed)
        names.insert(name);
    std::string text;
    for (auto const& name : names)
        text += row("  " + name, std::to_string(count_of(happened, name)),
                    std::to_string(count_of(replayed, name)));
    return text;
}

/// The members of a JSON object. `value` is a JSON text.
class json_members {
public:
    json_members& add(std::string_view name, std::string_view value) {
        if (text_.size() > 1) text_ += ',';
        append_json_string(text_, name);
        text_ += ':';
        text_ += value;
        return *this;
    }
    json_members& add(std::string_view name, std::uint64_t value) {
        return add(name, std::string_view(std::to_string(value)));
    }
    [[nodiscard]] std::string object() const { return text_ + '}'; }

private:
    std::string text_ = "{";
};

std::string json_text(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

std::string json_of(named_counts const& counts) {
    json_members json;
    for (auto const& [name, count] : counts)
        json.add(name, count);
    return json.object();
}

json_members json_of(backtest_tally const& tally) {
    json_members json;
    json.add("sends", tally.sends)
        .add("refused", tally.refused)
        .add("refused_by", json_of(tally.refused_by))
        .add("guesses_refused", tally.guesses_refused)
        .add("guesses_refused_by", json_of(tally.guesses_refused_by))
        .add("messages", tally.messages)
        .add("cost", to_decimal(tally.cost))
        .add("verified", tally.verified);
    return json;
}

} // namespace

backtest_route& backtest_figures::route(int route_id, std::string const& country) {
    std::pair const key(route_id, country);
    auto const found = routes.find(key);
    if (found != routes.end()) return found->second;
    if (routes.size() >= routes_max) return routes.rbegin()->second;
    return routes[key];
}

void count_names(named_counts& counts, std::string_view names) {
    constexpr std::size_t names_max = 1024; // a configuration has fewer limits
    while (!names.empty()) {
        auto const comma = names.find(',');
        auto const name = names.substr(0, comma);
        names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
        auto const found = counts.find(name);
        if (found != counts.end())
            ++found->second;
        else
            ++counts[counts.size() < names_max ? std::string(name) : std::string("others")];
    }
}

std::string backtest_text(backtest_figures const& figures) {
    auto const& was = figures.happened;
    auto const& now = figures.replayed;
    auto const expected = expected_of(figures);
    auto text = std::to_string(figures.lines) + " lines from " + figures.first_at + " to " +
                figures.last_at + "; " + std::to_string(figures.bad_lines) + " unreadable, " +
                std::to_string(figures.lines_without_pseudonyms) + " without pseudonyms\n\n";
    text += row("", "happened", "replayed");
    text += row("sends", std::to_string(was.sends), std::to_string(now.sends));
    text += row("refused", std::to_string(was.refused), std::to_string(now.refused));
    text += rows(was.refused_by, now.refused_by);
    text += row("honest users refused", "", std::to_string(figures.honest_refused));
    text += rows({}, figures.honest_refused_by);
    text += row("messages", std::to_string(was.messages), std::to_string(now.messages));
    text += row("cost", to_decimal(was.cost), to_decimal(now.cost));
    text += row("deliveries (replayed: expected)", std::to_string(delivered_in(figures)),
                one_decimal(expected.count));
    if (expected.without_figures > 0)
        text += row("  messages without figures", "", std::to_string(expected.without_figures));
    text += row("verified", std::to_string(was.verified), std::to_string(now.verified));
    text += row("guesses not evaluated", std::to_string(was.guesses_refused),
                std::to_string(now.guesses_refused));
    text += rows(was.guesses_refused_by, now.guesses_refused_by);
    for (auto const& note : figures.notes)
        text += "\nnote: " + note;
    return figures.notes.empty() ? text : text + '\n';
}

std::string backtest_json(backtest_figures const& figures) {
    auto const expected = expected_of(figures);
    std::string notes = "[";
    for (auto const& note : figures.notes)
        notes.append(notes.size() > 1 ? "," : "").append(json_text(note));
    auto happened = json_of(figures.happened);
    happened.add("delivered", delivered_in(figures));
    auto replayed = json_of(figures.replayed);
    replayed.add("expected_deliveries", one_decimal(expected.count))
        .add("messages_without_figures", expected.without_figures)
        .add("honest_refused", figures.honest_refused)
        .add("honest_refused_by", json_of(figures.honest_refused_by));
    json_members json;
    json.add("lines", figures.lines)
        .add("bad_lines", figures.bad_lines)
        .add("lines_without_pseudonyms", figures.lines_without_pseudonyms)
        .add("first_at", json_text(figures.first_at))
        .add("last_at", json_text(figures.last_at))
        .add("happened", happened.object())
        .add("replayed", replayed.object())
        .add("notes", notes + ']');
    return json.object() + '\n';
}

} // namespace otpd::app
