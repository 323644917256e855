#include "start_log.hpp"

#include "plan_library.hpp"
#include "settings/values.hpp"
#include "version.hpp"
#include "wiring.hpp"

namespace otpd::app {

namespace {

/// Number ranges that are newer than the plans have the type unknown.
void log_plans(telemetry::logger& log, std::chrono::sys_days today) {
    auto const plans = library_of_plans();
    if (!plans.dated) {
        log.info("numbering_plans", {{"library", plans.file}});
        return;
    }
    log.info("numbering_plans", {{"library", plans.file},
                                 {"dated", values::format_date(*plans.dated)},
                                 {"age_days", (today - *plans.dated).count()}});
}

void log_daily_cap(telemetry::logger& log, settings const& settings) {
    auto const cap = daily_cap_of(settings);
    if (cap > money())
        log.info("daily_cap",
                 {{"cap", cap.units()},
                  {"by_default", !settings.spending.daily_cap},
                  {"note", "no more than this is spent in a UTC day; money.daily_cap says how "
                           "much, 0 for no cap"}});
    else if (!has_total_budget(settings))
        log.warn("daily_cap", {{"cap", 0.0}, {"note", "nothing bounds what is spent in all"}});
}

} // namespace

void log_start(telemetry::logger& log, settings const& settings, std::size_t threads,
               wall_time now) {
    auto const today = std::chrono::floor<std::chrono::days>(now);
    log.info("starting", {{"version", version},
                          {"threads", threads},
                          {"store", settings.store.url.to_string()},
                          {"upstream", settings.bridgexapi.base_url},
                          {"debug_codes", settings.otp.reveal_codes}});
    log_plans(log, today);
    if (!settings.store.url.outlives_process())
        log.warn("memory_store", {{"note", "codes and limits are lost at a restart and unknown "
                                           "to other instances"}});
    log_daily_cap(log, settings);
    for (auto const& note : settings_notes(settings, today))
        log.warn("setting_note", {{"note", note}});
    if (!settings.service_links.empty())
        log.debug("service_links_ignored", {{"names", values::joined(settings.service_links)}});
    for (auto const& line : describe(settings))
        log.debug("setting", {{"key", line.key}, {"value", line.value}});
}

} // namespace otpd::app
