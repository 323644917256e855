// The SMS that the stub accepted, and their delivery. The state of a message is a function of the
// clock and its plan, so nothing runs in the background, and a test that moves the clock sees the
// state at once. Not thread-safe. Bounded: at `messages_max` the oldest messages are dropped;
// totals keep counting.
#pragma once

#include "bridgexapi_stub/clock.hpp"
#include "bridgexapi_stub/money.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bridgexapi_stub {

// A delivery: QUEUED, then SENT after `sent_after`, then the outcome after `final_after`, both
// counted from acceptance.
struct delivery_plan {
    std::chrono::microseconds sent_after{1'000'000};
    std::chrono::microseconds final_after{3'000'000};
    std::string outcome = "DELIVERED";
    std::optional<std::string> error; // shown once the outcome is reached
};

struct delivery_state {
    std::string status;
    std::optional<std::string> error;
};

struct sms {
    std::uint64_t sequence = 0; // 1, 2, 3 ... in order of acceptance
    std::string bx_message_id;
    std::int64_t order_id = 0;
    int route_id = 0;
    std::string number;
    std::string caller_id;
    std::string text;
    micro_euros cost = 0;
    std::string api_key; // the owner's; others do not see the message
    timestamp accepted_at;
    std::uint64_t request = 0; // sequence of the recorded request that sent it
    delivery_plan plan;
    std::optional<delivery_state> forced;

    delivery_state state_at(timestamp now) const;
};

class ledger {
public:
    static constexpr std::size_t messages_max_default = 200'000;
    static constexpr std::int64_t first_order_default = 22'000;

    explicit ledger(std::size_t messages_max = messages_max_default);

    std::int64_t next_order() const { return next_order_; }
    std::string make_id(std::int64_t order_id); // BX-<order>-<16 lower-case hex digits>
    std::int64_t open_order() { return next_order_++; }
    sms const& add(sms message); // assigns the sequence

    sms const* find(std::string_view bx_message_id) const;
    // Fixes the state of a message regardless of the clock. Returns false if the message does not
    // exist.
    bool force(std::string_view bx_message_id, delivery_state state);

    using filter = std::function<bool(sms const&)>;
    struct page {
        std::size_t total = 0; // of the messages that pass the filter
        std::vector<sms const*> messages;
    };
    // Newest first. The pointers are valid until the next change of the ledger.
    page list(filter const& accept, std::size_t skip, std::size_t limit) const;

    std::deque<sms> const& messages() const { return messages_; } // oldest first
    std::uint64_t accepted_total() const { return accepted_total_; }
    bool knows_order(std::int64_t order_id) const;

    void set_messages_max(std::size_t count);
    std::size_t messages_max() const { return messages_max_; }
    void clear(); // messages and totals; order numbers keep growing, like the upstream's

private:
    void shrink();

    std::size_t messages_max_;
    std::int64_t next_order_ = first_order_default;
    std::uint64_t accepted_total_ = 0;
    std::deque<sms> messages_;
    std::unordered_map<std::string, std::uint64_t> by_id_; // to sequence
    std::mt19937_64 random_;
};

} // namespace bridgexapi_stub
