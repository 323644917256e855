// The control interface under /__stub/: tests set faults, move the clock and read the record.
// stub/README.md lists the paths. Runs under the service's lock.
#pragma once

#include "bridgexapi_stub/service.hpp"

namespace bridgexapi_stub {

class control {
public:
    explicit control(service& of) : of_{of} {}

    static bool is_for(incoming const& request) { return request.target.starts_with("/__stub/"); }
    reply handle(incoming const& request); // 400 {"error": "..."} for invalid requests

    // Throws std::invalid_argument; then nothing has changed.
    void apply_config(boost::json::value const& changes);
    void reset();

private:
    reply dispatch(incoming const& request);
    reply list_requests(query_list const& query) const;
    reply list_messages(query_list const& query) const;
    reply list_violations() const;
    reply list_faults() const;
    reply add_faults(boost::json::value const& body);
    reply force_state(boost::json::value const& body);
    reply move_clock(boost::json::value const& body);
    reply clock() const;
    reply stats() const;
    reply config() const;

    service& of_;
};

// Applies the settings of POST /__stub/config, see settings_json.cpp. Throws std::invalid_argument.
void apply_settings(upstream_state& state, recorder& record, boost::json::object const& changes);
boost::json::object settings_to_json(upstream_state const& state, recorder const& record);

} // namespace bridgexapi_stub
