#pragma once

/// Connects the journal with what it keeps: webhooks and followed messages.

#include "otpd/core/clock.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/journal.hpp"
#include "otpd/webhook/webhooks.hpp"

namespace otpd::app {

/// The webhooks' messages are entries of the journal.
class journal_outbox final : public webhook::outbox {
public:
    explicit journal_outbox(otp::journal& in) : journal_(in) {}

    std::uint64_t keep(id const& of, std::string text) noexcept override {
        return journal_.put(
            {otp::journal_kind::webhook, of, std::move(text), otp::webhooks_kept_for});
    }
    void forget(std::uint64_t ticket) noexcept override { journal_.erase(ticket); }

private:
    otp::journal& journal_;
};

/// Passes the entries that this instance takes over to those who go on with them.
class journal_entries final : public otp::journal_reader {
public:
    /// All arguments must outlive it.
    journal_entries(otp::key_ring const& keys, clock const& now, otp::delivery_tracker& deliveries,
                    webhook::webhooks& hooks)
        : keys_(keys), now_(now), deliveries_(deliveries), hooks_(hooks) {}

    [[nodiscard]] bool taken_over(otp::journal_ticket ticket,
                                  otp::journal_content entry) noexcept override;
    void lost() noexcept override { deliveries_.forget_journal(); }

private:
    [[nodiscard]] bool follow(otp::journal_ticket ticket, otp::journal_content const& entry);

    otp::key_ring const& keys_;
    clock const& now_;
    otp::delivery_tracker& deliveries_;
    webhook::webhooks& hooks_;
};

} // namespace otpd::app
