// What the stub received: all requests in order, violations of good client behaviour, and counts.
// At `requests_max` the oldest requests are dropped; counts continue. Not thread-safe.
#pragma once

#include "bridgexapi_stub/endpoint.hpp"
#include "bridgexapi_stub/message.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace bridgexapi_stub {

struct recorded_request {
    std::uint64_t sequence = 0; // 1, 2, 3 ... over all connections
    std::chrono::sys_time<std::chrono::microseconds> received_at; // by the system clock
    incoming raw;                                                 // with the exact body
    endpoint where = endpoint::unknown;
    unsigned status = 0; // of the reply; 0: none was sent
    std::vector<std::string> faults;
    std::vector<std::string> accepted; // bx_message_ids of the accepted SMS
    std::optional<std::int64_t> order_id;
};

struct violation {
    std::uint64_t request = 0; // 0: the request could not be parsed
    std::uint64_t connection = 0;
    std::string code; // a short word, e.g. "api_key"
    std::string text;
};

struct stub_stats {
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_open = 0;
    std::uint64_t tls_handshakes = 0; // completed
    std::uint64_t tls_resumed = 0;    // of these, resumed with an earlier ticket or session
    std::uint64_t tls_failed = 0;
    std::uint64_t requests = 0;      // to the API, parsed
    std::uint64_t bad_requests = 0;  // not parseable
    std::uint64_t request_bytes = 0; // of application data received, control interface included
    std::uint64_t sms_accepted = 0;
    std::uint64_t violations = 0;
    std::array<std::uint64_t, 15> by_endpoint{};

    std::uint64_t of(endpoint where) const { return by_endpoint[static_cast<std::size_t>(where)]; }
};

class recorder {
public:
    static constexpr std::size_t requests_max_default = 200'000;
    static constexpr std::size_t violations_max = 10'000;

    void add(recorded_request request);
    void add(violation breach);
    // Checks a request for what a well-behaved client does not do: header, host, content type,
    // framing.
    void check_manners(incoming const& request, endpoint where, bool body_is_json,
                       std::uint64_t sequence);

    std::deque<recorded_request> const& requests() const { return requests_; }
    std::deque<violation> const& violations() const { return violations_; }
    void clear_requests() { requests_.clear(); }
    void clear_violations() { violations_.clear(); }

    bool enabled = true; // false: only counts
    std::size_t requests_max = requests_max_default;
    stub_stats stats;

private:
    std::deque<recorded_request> requests_;
    std::deque<violation> violations_;
};

} // namespace bridgexapi_stub
