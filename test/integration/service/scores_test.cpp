// Recomputes every number of the scoreboard from the exported timeline, with independent code.

#include "eventually.hpp"
#include "service_fixture.hpp"

#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

using namespace otpd::test;

namespace {

/// One attempt on a route, according to the lines.
struct try_of_route {
    std::int64_t at_ms = 0;
    std::string purpose;
    bool accepted = false;
    std::optional<std::int64_t> cost;                      ///< micro-units
    std::optional<double> delivered_after, verified_after; ///< s
};
using group = std::pair<int, std::string>;                          ///< route, country
using tries = std::map<group, std::map<std::string, try_of_route>>; ///< by verification

std::string text_at(json::object const& line, char const* name) {
    return line.contains(name) ? std::string(line.at(name).as_string()) : std::string();
}
std::int64_t number_at(json::object const& line, char const* name) {
    return line.contains(name) ? line.at(name).to_number<std::int64_t>() : 0;
}

std::vector<json::object> lines_of(std::string const& path) {
    std::vector<json::object> all;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        all.push_back(json::parse(line).as_object());
    return all;
}

tries tries_in(std::vector<json::object> const& lines) {
    tries all;
    for (auto const& line : lines) {
        auto const event = text_at(line, "event");
        auto& of = all[{static_cast<int>(number_at(line, "route_id")), text_at(line, "country")}];
        auto const id = text_at(line, "verification_id");
        bool const begins = event == "accepted" ||
                            (event == "unknown" && !line.contains("stale_connection")) ||
                            (event == "step_left" && line.contains("attempted"));
        if (begins) {
            auto& one = of[id];
            one.at_ms = number_at(line, "at_ms");
            one.purpose = text_at(line, "purpose");
            one.accepted = event == "accepted";
            if (line.contains("cost_micros")) one.cost = number_at(line, "cost_micros");
        } else if (event == "delivered") {
            of[id].delivered_after =
                static_cast<double>(number_at(line, "since_accepted_ms")) / 1e3;
        } else if (event == "verified") {
            of[id].verified_after = static_cast<double>(number_at(line, "since_admitted_ms")) / 1e3;
        }
    }
    std::erase_if(all, [](auto const& each) { return each.second.empty(); });
    return all;
}

/// A value and its weight.
using weighted = std::vector<std::pair<double, double>>;

double quantile(weighted values, double share) {
    std::ranges::sort(values);
    double total = 0;
    for (auto const& [value, weight] : values)
        total += weight;
    double sum = 0;
    for (auto const& [value, weight] : values) {
        sum += weight;
        if (sum >= share * total * (1 - 1e-12)) return value;
    }
    return values.back().first;
}

struct sums {
    double sent = 0, accepted = 0, delivered = 0, verified = 0, cost = 0, costed = 0;
    std::uint64_t n_sent = 0, n_accepted = 0, n_delivered = 0, n_verified = 0, n_costed = 0;
    weighted delivery, verification;
};

/// The time from which ages are counted cancels out of every score.
sums add_up(std::map<std::string, try_of_route> const& of, std::int64_t now_ms, double window) {
    sums all;
    for (auto const& [id, each] : of) {
        auto const age = static_cast<double>(now_ms - each.at_ms) / 1e3;
        double const weight = std::exp2(-age / (window / 4));
        all.sent += weight, ++all.n_sent;
        if (each.cost)
            all.cost += weight * static_cast<double>(*each.cost) / 1e6, all.costed += weight,
                ++all.n_costed;
        if (!each.accepted) continue;
        all.accepted += weight, ++all.n_accepted;
        if (each.delivered_after) {
            all.delivered += weight, ++all.n_delivered;
            all.delivery.emplace_back(*each.delivered_after, weight);
        }
        if (each.verified_after) {
            all.verified += weight, ++all.n_verified;
            all.verification.emplace_back(*each.verified_after, weight);
        }
    }
    return all;
}

void check_figure(json::object const& score, char const* name, double value, std::uint64_t samples,
                  double tolerance = 1e-6) {
    BOOST_TEST_CONTEXT(name) {
        BOOST_REQUIRE(score.at(name).is_object());
        auto const& figure = score.at(name).as_object();
        BOOST_TEST(figure.at("samples").to_number<std::uint64_t>() == samples);
        auto const said = figure.at("value").to_number<double>();
        BOOST_TEST(std::abs(said - value) <= tolerance * std::max(1.0, std::abs(value)),
                   said << " instead of " << value);
    }
}

void check_score(json::object const& score, sums const& of) {
    BOOST_TEST(score.at("sent").to_number<std::uint64_t>() == of.n_sent);
    BOOST_TEST(score.at("accepted").to_number<std::uint64_t>() == of.n_accepted);
    BOOST_TEST(score.at("delivered").to_number<std::uint64_t>() == of.n_delivered);
    BOOST_TEST(score.at("verified").to_number<std::uint64_t>() == of.n_verified);
    check_figure(score, "accepted_share", of.accepted / of.sent, of.n_sent);
    if (of.n_accepted > 0) {
        check_figure(score, "delivered_share", of.delivered / of.accepted, of.n_accepted);
        check_figure(score, "verified_share", of.verified / of.accepted, of.n_accepted);
    }
    if (of.n_delivered > 0) {
        check_figure(score, "delivery_seconds_median", quantile(of.delivery, 0.5), of.n_delivered);
        check_figure(score, "delivery_seconds_p95", quantile(of.delivery, 0.95), of.n_delivered);
    }
    if (of.n_verified > 0)
        check_figure(score, "verify_seconds_median", quantile(of.verification, 0.5), of.n_verified);
    // Money is rounded to a millionth.
    if (of.n_costed > 0)
        check_figure(score, "cost_per_sent", of.cost / of.costed, of.n_costed, 2e-6);
    if (of.n_costed > 0 && of.n_verified > 0)
        check_figure(score, "cost_per_verified", of.cost / of.verified, of.n_verified, 2e-6);
}

tries only(tries const& all, std::string const& country, std::string const& purpose) {
    tries some;
    for (auto const& [key, of] : all)
        for (auto const& [id, each] : of)
            if ((country.empty() || key.second == country) &&
                (purpose.empty() || each.purpose == purpose))
                some[key].emplace(id, each);
    return some;
}

void check_board(json::array const& scores, tries const& all, double window) {
    BOOST_TEST_REQUIRE(scores.size() == all.size());
    std::int64_t now_ms = 0;
    for (auto const& [key, of] : all)
        for (auto const& [id, each] : of)
            now_ms = std::max(now_ms, each.at_ms);
    auto score = scores.begin();
    for (auto const& [key, of] : all) {
        BOOST_TEST_CONTEXT("route " << key.first << " in " << key.second) {
            BOOST_TEST(score->at("route_id").to_number<int>() == key.first);
            BOOST_TEST(score->at("country").as_string() == key.second);
            check_score(score->as_object(), add_up(of, now_ms, window));
        }
        ++score;
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_scores)

BOOST_AUTO_TEST_CASE(every_number_of_the_scoreboard_follows_from_the_exported_timeline) {
    temporary_directory directory;
    auto const file = directory.path() + "/timeline.jsonl";
    service_fixture service({{"OTPD_DELIVERY_ENABLED", "true"},
                             {"OTPD_DELIVERY_INTERVAL_MS", "500"},
                             {"OTPD_TIMELINE_FILE", file}},
                            R"(
[[route_plan]]
name = "login"
purposes = ["login"]
steps = [{route = 8, caller_id = "YOURAPP"}, {route = 1}, {route = 2}]
)");
    service.stub.control(
        "POST", "config",
        {{"dlr", json::object{{"sent_seconds", 0}, {"final_seconds", 1}}},
         {"dlr_rules", json::array{json::object{
                           {"number", "346*"}, {"outcome", "FAILED"}, {"final_seconds", 1}}}}});
    service.stub.set_fault({{"fault", "vendor"}, {"endpoint", "send_sms"}, {"probability", 0.3}});
    service.stub.set_fault(
        {{"fault", "drop_before"}, {"endpoint", "send_sms"}, {"probability", 0.1}});

    std::size_t accepted = 0;
    for (int n = 0; n < 60; ++n) {
        // Two countries, three explicit routes and a plan.
        auto const number =
            n % 4 == 3 ? std::to_string(34'612'000'000LL + n) : service.fresh_number();
        json::object request{{"phone_number", number}};
        if (n % 3 != 0) request["route_id"] = 1 + n % 2;
        if (n % 5 == 0) request["purpose"] = "payment";
        auto const reply = service.client.ask(post("/send-otp", request));
        if (reply.status != 200) continue;
        ++accepted;
        if (n % 2 == 0) continue;
        json::object check{{"phone_number", number}, {"code", object_of(reply).at("debug_code")}};
        if (n % 5 == 0) check["purpose"] = "payment";
        check_outcome(service.client.ask(post("/verify-otp", check)), 200);
    }
    BOOST_TEST_REQUIRE(accepted > 20U);
    auto const count = [&](char const* event) {
        return std::ranges::count_if(lines_of(file), [&](json::object const& line) {
            return text_at(line, "event") == event;
        });
    };
    eventually([&] {
        return count("delivered") + count("failed") >= static_cast<std::int64_t>(accepted);
    });
    auto const board = [&](std::string const& query) {
        auto const reply = service.client.ask(get("/routes/scores" + query));
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return object_of(reply).at("scores").as_array();
    };
    // Scores are cached for a second.
    eventually([&] {
        std::int64_t delivered = 0;
        for (auto const& each : board(""))
            delivered += each.at("delivered").to_number<std::int64_t>();
        return delivered == count("delivered");
    });

    auto const all = tries_in(lines_of(file));
    BOOST_TEST(all.size() >= 4U);
    check_board(board(""), all, 86'400);
    check_board(board("?window=3600"), all, 3'600);
    check_board(board("?country=ES"), only(all, "ES", ""), 86'400);
    check_board(board("?purpose=payment&window=7200"), only(all, "", "payment"), 7'200);
    check_board(board("?country=NL&purpose=login"), only(all, "NL", "login"), 86'400);
}

BOOST_AUTO_TEST_SUITE_END()
