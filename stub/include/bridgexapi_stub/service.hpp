// The whole stub without sockets: the API, its faults, the record of requests and the control
// interface. All members are thread-safe: one mutex guards everything and is never held during a
// wait. (A test reads the record from its own thread while the server runs. With a strand it would
// have to block on it.)
#pragma once

#include "bridgexapi_stub/api.hpp"
#include "bridgexapi_stub/faults.hpp"
#include "bridgexapi_stub/recorder.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bridgexapi_stub {

struct service_options {
    std::vector<std::string> api_keys{"stub-api-key"};
    micro_euros balance = account{}.balance;
    delivery_plan plan;
    bool record = true;
    std::size_t requests_max = recorder::requests_max_default;
    std::size_t messages_max = ledger::messages_max_default;
    // Called for each accepted SMS, under the lock; must be quick.
    std::function<void(sms const&)> on_sms;
};

class service {
public:
    explicit service(service_options options = {});

    // ---- for the server ----
    enum class welcome { serve, refuse, refuse_reset, stall };
    struct admitted {
        std::uint64_t connection;
        welcome how;
    };
    admitted connection_opened();
    void connection_closed(std::uint64_t bytes_left); // received bytes of incomplete requests
    void tls_finished(bool succeeded, bool resumed);
    exchange handle(incoming request); // for the API or the control interface
    exchange too_large(incoming request);
    exchange unparsable(connection_info const& connection, std::string_view why);

    // ---- for tests in the same process ----
    std::vector<recorded_request> requests() const;
    std::vector<recorded_request> requests(endpoint where) const;
    std::vector<sms> messages() const; // accepted SMS, oldest first
    std::vector<violation> violations() const;
    stub_stats stats() const;
    delivery_state state_of(std::string_view bx_message_id) const; // empty status: no such message

    std::uint64_t
    add_fault(std::string_view fault_as_json); // see faults.hpp; throws std::invalid_argument
    void clear_faults();
    void freeze();
    void advance(std::chrono::microseconds by);
    // Like POST /__stub/config; throws std::invalid_argument.
    void configure(std::string_view changes_as_json);
    void reset(); // like POST /__stub/reset
    // Waits until the counts satisfy `done`. Returns false after `at_most`.
    bool wait_for(std::function<bool(stub_stats const&)> const& done,
                  std::chrono::milliseconds at_most = std::chrono::seconds{20}) const;

private:
    friend class control;

    exchange handle_api(incoming request);
    upstream_state fresh_state() const;
    recorder fresh_recorder() const;
    void announce(std::vector<std::string> const& bx_message_ids) const;

    service_options const options_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    upstream_state state_;
    fault_set faults_;
    recorder recorder_;
    std::uint64_t connections_ = 0;
    std::uint64_t sequence_ = 0;
};

} // namespace bridgexapi_stub
