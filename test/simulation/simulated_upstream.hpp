#pragma once

/// An upstream with random answers from the seed, which records what it sent and charged.

#include "gates.hpp"
#include "rules.hpp"
#include "support/unread_gateway.hpp"
#include "watcher.hpp"

#include <unordered_map>

namespace otpd::simulation {

class simulated_upstream final : public test::unread_gateway {
public:
    /// The truth about one operation's messages.
    struct truth {
        instant began{};
        int sent = 0; ///< messages that were sent to a phone: one at most
        std::int64_t charged = 0;
    };

    simulated_upstream(rules const& by, gates& turns, virtual_clock const& clock, watcher& watching,
                       seeded& chance)
        : rules_(by), turns_(turns), clock_(clock), watcher_(watching), chance_(chance) {}

    boost::asio::awaitable<bridgexapi::send_outcome> send_sms(bridgexapi::sms message,
                                                              deadline until) override;

    [[nodiscard]] truth of(operation_id op) const;
    [[nodiscard]] std::int64_t charged_in_all() const noexcept { return charged_in_all_; }
    /// Sends each message twice, to prove that this is noticed.
    bool sends_twice = false;

private:
    /// A message arrived. Returns the answer, if it gets back.
    bridgexapi::send_outcome handle(operation_id op, int route);
    bridgexapi::accepted accept(operation_id op, int route);
    bridgexapi::reason draw_rejection();
    static upstream_answer answer_for(bridgexapi::send_outcome const& what);

    rules const& rules_;
    gates& turns_;
    virtual_clock const& clock_;
    watcher& watcher_;
    seeded& chance_;
    std::unordered_map<operation_id, truth> truths_;
    std::int64_t charged_in_all_ = 0;
};

} // namespace otpd::simulation
