// Faults as data: what shall go wrong, where, how often. Each is set as a JSON object
//   {"fault": "delay", "endpoint": "send_sms", "count": 3, "skip": 1, "probability": 0.5, "number":
//   "316*", "ms": 500}
// where only "fault" is required. stub/README.md lists the names and their options. Not
// synchronised.
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

struct draft; // a reply on its way to the wire, see faults.cpp

struct fault_kind {
    std::string_view name;
    int stage; // faults of one request are applied by stage, within a stage in the order they were
               // set
    bool accepts; // by default the request still takes effect: the SMS is sent and charged
    std::string_view options; // names of its own options, blank-separated
    void (*apply)(draft& out, boost::json::object const& options);
};
std::span<fault_kind const> fault_kinds();

struct fault {
    std::uint64_t id = 0;
    fault_kind const* kind = nullptr;
    std::optional<endpoint> where;     // none: every endpoint of the API
    std::string number;                // empty: any; else exact, or a prefix that ends in '*'
    std::uint64_t skip = 0;            // so many matching requests pass first
    std::optional<std::uint64_t> left; // so many are hit, then it is spent; none: for ever
    double probability = 1;
    std::optional<bool> accept; // overrides kind->accepts
    std::uint64_t hits = 0;
    boost::json::object options; // as it was set

    // Throws std::invalid_argument with a sentence that names what is wrong.
    static fault parse(boost::json::value const& json);
    boost::json::object to_json() const;
    bool takes_effect() const { return accept.value_or(kind->accepts); }
};

class fault_set {
public:
    std::uint64_t add(fault one); // its id
    bool remove(std::uint64_t id);
    void clear() { faults_.clear(); }
    std::vector<fault> const& all() const { return faults_; }

    // The faults that hit this request, in order of application; counts them down. Connection
    // faults are not among them.
    std::vector<fault> take(endpoint where, std::vector<std::string_view> const& numbers);
    // The fault that hits a connection that was just accepted.
    std::optional<fault> take_connection();

private:
    bool strikes(fault& one);

    std::vector<fault> faults_;
    std::uint64_t last_id_ = 0;
    // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp): fixed, so that a failed run can be repeated
    std::mt19937_64 random_{20'260'401};
};

// Stages that callers ask about.
inline constexpr int stage_connection = 0;

// The exchange that answers `request` with `answer`, after all of `faults`.
exchange make_exchange(reply answer, std::vector<fault> const& faults, incoming const& request);

} // namespace bridgexapi_stub
