// Faults as data: what goes wrong, where, and how often. Each is set as a JSON object:
//   {"fault": "delay", "endpoint": "send_sms", "count": 3, "skip": 1, "probability": 0.5,
//    "number": "316*", "ms": 500}
// Only "fault" is required. stub/README.md lists the names and their options. Not thread-safe.
#pragma once

#include "bridgexapi_stub/endpoint.hpp"
#include "bridgexapi_stub/message.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bridgexapi_stub {

struct draft; // a reply under construction, see faults.cpp

struct fault_kind {
    std::string_view name;
    // The faults of a request are applied by stage, then in the order in which they were set.
    int stage;
    bool accepts;             // by default the request takes effect: the SMS is sent and charged
    std::string_view options; // names of its own options, separated by spaces
    void (*apply)(draft& out, boost::json::object const& options);
};
std::span<fault_kind const> fault_kinds();

struct fault {
    std::uint64_t id = 0;
    fault_kind const* kind = nullptr;
    std::optional<endpoint> where;     // nullopt: every endpoint of the API
    std::string number;                // empty: any; else exact, or a prefix with a trailing '*'
    std::uint64_t skip = 0;            // matching requests that pass first
    std::optional<std::uint64_t> left; // requests still to hit; nullopt: unlimited
    double probability = 1;
    std::optional<bool> accept; // overrides kind->accepts
    std::uint64_t hits = 0;
    boost::json::object options; // as set

    // Throws std::invalid_argument with a sentence that names the error.
    static fault parse(boost::json::value const& json);
    boost::json::object to_json() const;
    bool takes_effect() const { return accept.value_or(kind->accepts); }
};

class fault_set {
public:
    std::uint64_t add(fault one); // returns its id
    bool remove(std::uint64_t id);
    void clear() { faults_.clear(); }
    std::vector<fault> const& all() const { return faults_; }

    // Returns the faults that hit this request, in order of application, and counts them down.
    // Connection faults are excluded.
    std::vector<fault> take(endpoint where, std::vector<std::string_view> const& numbers);
    // Returns the fault that hits a newly accepted connection.
    std::optional<fault> take_connection();

private:
    bool strikes(fault& one);

    std::vector<fault> faults_;
    std::uint64_t last_id_ = 0;
    // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp): fixed, so that a failed run can be repeated
    std::mt19937_64 random_{20'260'401};
};

// Stages that callers use.
inline constexpr int stage_connection = 0;

// Returns the exchange for `answer` to `request` after all `faults`.
exchange make_exchange(reply answer, std::vector<fault> const& faults, incoming const& request);

} // namespace bridgexapi_stub
