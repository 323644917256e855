// Recomputes every number of the scoreboard from the exported timeline, with independent code.

#include "eventually.hpp"
#include "service_fixture.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

using namespace otpd::test;

namespace {

/// One attempt on a route, according to the lines.
struct try_of_route {
    bool accepted = false;
    std::optional<std::int64_t> cost;      ///< micro-units
    std::optional<double> delivered_after; ///< s
    bool failed = false;
    bool verified = false;
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

/// Every number of this test has one send, so every send is a sample.
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
            one.accepted = event == "accepted";
            if (line.contains("cost_micros")) one.cost = number_at(line, "cost_micros");
        } else if (event == "delivered") {
            of[id].delivered_after =
                static_cast<double>(number_at(line, "since_accepted_ms")) / 1e3;
        } else if (event == "failed" && text_at(line, "reason") != "not_sent") {
            of[id].failed = true;
        } else if (event == "verified") {
            of[id].verified = true;
        }
    }
    std::erase_if(all, [](auto const& entry) { return entry.second.empty(); });
    return all;
}

double quantile(std::vector<double> values, double share) {
    std::ranges::sort(values);
    auto const rank = std::ceil(share * static_cast<double>(values.size()) - 1e-9);
    return values.at(static_cast<std::size_t>(std::max(rank, 1.0)) - 1);
}

struct sums {
    std::uint64_t sent = 0, accepted = 0, delivered = 0, failed = 0, verified = 0, costed = 0;
    double cost = 0;
    std::vector<double> delivery;
};

sums add_up(std::map<std::string, try_of_route> const& of) {
    sums all;
    for (auto const& [id, entry] : of) {
        ++all.sent;
        if (!entry.accepted) continue;
        ++all.accepted;
        if (entry.cost) all.cost += static_cast<double>(*entry.cost) / 1e6, ++all.costed;
        if (entry.failed) ++all.failed;
        if (entry.verified) ++all.verified;
        if (!entry.delivered_after) continue;
        ++all.delivered;
        all.delivery.push_back(*entry.delivered_after);
    }
    return all;
}

/// The 95 % interval of a share solves (p - share)^2 = z^2 p (1 - p) / n.
void check_interval(json::object const& figure, double share, double n) {
    constexpr double z = 1.96;
    for (auto const* const end : {"low", "high"}) {
        auto const p = figure.at(end).to_number<double>();
        bool const is_clamped = p == 0 || p == 1;
        BOOST_TEST(
            (is_clamped || std::abs(std::abs(p - share) - z * std::sqrt(p * (1 - p) / n)) < 1e-3),
            end << ' ' << p << " around " << share << " of " << n);
    }
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

void check_share(json::object const& score, char const* name, std::uint64_t part,
                 std::uint64_t whole) {
    auto const share = static_cast<double>(part) / static_cast<double>(whole);
    check_figure(score, name, share, whole);
    check_interval(score.at(name).as_object(), share, static_cast<double>(whole));
}

/// Seconds are counted in buckets, from 1 s.
void check_seconds(json::object const& score, char const* name, std::vector<double> const& of,
                   double share) {
    auto const& figure = score.at(name).as_object();
    BOOST_TEST(figure.at("samples").to_number<std::uint64_t>() == of.size());
    auto const shown = figure.at("value").to_number<double>();
    auto const real = std::max(quantile(of, share), 1.0);
    BOOST_TEST((shown <= real * 1.19 && shown >= real / 1.19), shown << " instead of " << real);
}

void check_score(json::object const& score, sums const& of) {
    BOOST_TEST(score.at("sent").to_number<std::uint64_t>() == of.sent);
    BOOST_TEST(score.at("accepted").to_number<std::uint64_t>() == of.accepted);
    BOOST_TEST(score.at("delivered").to_number<std::uint64_t>() == of.delivered);
    BOOST_TEST(score.at("failed").to_number<std::uint64_t>() == of.failed);
    BOOST_TEST(score.at("verified").to_number<std::uint64_t>() == of.verified);
    check_share(score, "accepted_share", of.accepted, of.sent);
    if (of.accepted > 0) {
        check_share(score, "delivered_share", of.delivered, of.accepted);
        check_share(score, "verified_share", of.verified, of.accepted);
    }
    if (of.delivered > 0) {
        check_seconds(score, "delivery_seconds_median", of.delivery, 0.5);
        check_seconds(score, "delivery_seconds_p95", of.delivery, 0.95);
    }
    // Money is rounded to a millionth.
    if (of.costed > 0)
        check_figure(score, "cost_per_sent", of.cost / static_cast<double>(of.costed), of.costed,
                     2e-6);
    if (of.costed > 0 && of.verified > 0)
        check_figure(score, "cost_per_verified", of.cost / static_cast<double>(of.verified),
                     of.verified, 2e-6);
}

tries only(tries const& all, std::string const& country) {
    tries some;
    for (auto const& [key, of] : all)
        if (key.second == country) some.emplace(key, of);
    return some;
}

void check_board(json::array const& scores, tries const& all) {
    BOOST_TEST_REQUIRE(scores.size() == all.size());
    auto score = scores.begin();
    for (auto const& [key, of] : all) {
        BOOST_TEST_CONTEXT("route " << key.first << " in " << key.second) {
            BOOST_TEST(score->at("route_id").to_number<int>() == key.first);
            BOOST_TEST(score->at("country").as_string() == key.second);
            check_score(score->as_object(), add_up(of));
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
                             {"OTPD_ROUTES_SCORE_REFRESH_SECONDS", "1"},
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
    auto const ended = [&] {
        return std::ranges::count_if(lines_of(file), [&](json::object const& line) {
            auto const event = text_at(line, "event");
            return event == "delivered" ||
                   (event == "failed" && text_at(line, "reason") != "not_sent");
        });
    };
    eventually([&] { return ended() >= static_cast<std::int64_t>(accepted); });
    auto const board = [&](std::string const& query) {
        auto const reply = service.client.ask(get("/routes/scores" + query));
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return object_of(reply).at("scores").as_array();
    };
    // The store is read every second.
    eventually([&] {
        std::int64_t shown = 0;
        for (auto const& entry : board(""))
            shown += entry.at("delivered").to_number<std::int64_t>() +
                     entry.at("failed").to_number<std::int64_t>();
        return shown == ended();
    });

    auto const all = tries_in(lines_of(file));
    BOOST_TEST(all.size() >= 4U);
    check_board(board(""), all);
    check_board(board("?window=3600"), all);
    check_board(board("?country=ES"), only(all, "ES"));
    auto const reply = object_of(service.client.ask(get("/routes/scores")));
    BOOST_TEST(reply.at("age_seconds").is_number());
}

BOOST_AUTO_TEST_SUITE_END()
