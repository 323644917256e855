#include "backtest/backtest.hpp"

#include "backtest/replay.hpp"
#include "otpd/core/utc.hpp"

#include <cstring>
#include <optional>

namespace otpd::app {

namespace {

constexpr int nothing_read = 2;

} // namespace

early_exit run_backtest(settings const& settings, std::vector<std::string> const& timelines,
                        bool as_json) {
    timeline_reader lines(timelines);
    early_exit out{0, {}, {}};
    for (auto const& path : lines.unreadable())
        out.errors += "otpd: " + path + " cannot be read\n";
    backtest_figures figures;
    wall_time last;
    {
        std::optional<backtest_replay> replay;
        while (auto const line = lines.next()) {
            if (!replay) {
                replay.emplace(settings, line->at, figures);
                figures.first_at = to_timestamp(line->at);
            }
            last = std::max(last, line->at);
            replay->on_line(*line);
        }
    } // the sends that are waiting for their end now have one
    figures.lines = lines.good_lines();
    figures.bad_lines = lines.bad_lines();
    if (figures.bad_lines > 0)
        out.errors += "otpd: " + std::to_string(figures.bad_lines) + " lines cannot be read\n";
    if (figures.lines == 0) {
        out.code = nothing_read;
        out.errors += "otpd: no line of a timeline was read\n";
        return out;
    }
    figures.last_at = to_timestamp(last);
    out.output = as_json ? backtest_json(figures) : backtest_text(figures);
    return out;
}

bool is_backtest(int argc, char const* const* argv) noexcept {
    return argc > 1 && std::strcmp(argv[1], "backtest") == 0;
}

early_exit backtest_from_process(int argc, char const* const* argv,
                                 process_environment const& environment) {
    auto const line = parse_backtest_line(argc - 1, argv + 1);
    if (!line) return exit_with(line.error());
    if (line->help) return early_exit{0, backtest_usage(), {}};
    command_line of_settings;
    of_settings.config_path = line->config_path;
    of_settings.flags.emplace("bridgexapi.api_key", "none"); // nothing is sent
    auto const sources = read_sources(of_settings, environment);
    if (!sources) return exit_with(sources.error());
    auto const loaded = load_settings(*sources);
    if (!loaded) return exit_with(loaded.error());
    return run_backtest(*loaded, line->timelines, line->as_json);
}

} // namespace otpd::app
