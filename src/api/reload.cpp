// POST /reload: reads the settings again, for the operator

#include "fault_list.hpp"
#include "json_writer.hpp"
#include "otpd/core/json_text.hpp"
#include "route_table.hpp"

#include <string>
#include <vector>

namespace otpd::api {

namespace {

std::vector<std::string> quoted(std::vector<std::string> const& keys) {
    std::vector<std::string> texts;
    for (auto const& key : keys)
        append_json_string(texts.emplace_back(), key);
    return texts;
}

} // namespace

/// The body says nothing.
answer reload(api_call call) {
    reload_report report;
    if (call.deps.reload) report = co_await call.deps.reload();
    fault_list faults;
    for (auto const& line : report.faults)
        faults.add({"settings"}, line, "value_error");
    if (!faults.empty())
        co_return to_response(faults.problem("The settings are not valid, so nothing was changed."),
                              call.request);
    http::response reply;
    reply.body = json_writer()
                     .add("status", "reloaded")
                     .add_array("changed", quoted(report.changed))
                     .add_array("restart_needed", quoted(report.restart_needed))
                     .finish();
    co_return reply;
}

} // namespace otpd::api
