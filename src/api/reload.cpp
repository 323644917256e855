// POST /reload: reads the settings again, for the operator

#include "fault_list.hpp"
#include "json_writer.hpp"
#include "route_table.hpp"

namespace otpd::api {

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
    co_return http::response{
        .body = json_writer()
                    .add("status", "reloaded")
                    .add_array("changed", report.changed, json_string)
                    .add_array("restart_needed", report.restart_needed, json_string)
                    .finish()};
}

} // namespace otpd::api
