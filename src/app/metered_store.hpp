#pragma once

/// A store decorator that counts, times and traces operations, and refuses them while the secrets
/// do not match.

#include "otpd/store/backend.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "otpd/telemetry/tracer.hpp"
#include "secrets_gate.hpp"

namespace otpd::app {

/// Adds no rules to the store behind it. The arguments must outlive this object.
class metered_store final : public store::store,
                            public store::journal_store,
                            public store::override_store {
public:
    metered_store(otpd::store::backend& inner, secrets_gate& gate, telemetry::metrics& metrics,
                  telemetry::tracer& spans) noexcept
        : inner_(inner), gate_(gate), metrics_(metrics), spans_(spans) {}

    boost::asio::awaitable<otpd::store::result<otpd::store::admit_outcome>>
    admit(otpd::store::admission request) override;
    boost::asio::awaitable<otpd::store::result<otpd::store::settle_outcome>>
    settle(otpd::store::settlement request) override;
    boost::asio::awaitable<otpd::store::result<otpd::store::replace_outcome>>
    replace_reservation(otpd::store::reservation_replacement request) override;
    boost::asio::awaitable<otpd::store::result<otpd::store::update_outcome>>
    update(otpd::store::delivery_update request) override;
    boost::asio::awaitable<otpd::store::result<otpd::store::check_outcome>>
    check_code(otpd::store::check request) override;
    boost::asio::awaitable<otpd::store::result<std::optional<otpd::store::verification>>>
    find(otpd::store::verification_address at) override;
    boost::asio::awaitable<otpd::store::result<otpd::store::cancel_outcome>>
    cancel(otpd::store::cancellation request) override;
    boost::asio::awaitable<otpd::store::result<otpd::store::released>>
    release_number(otpd::store::release request) override;
    boost::asio::awaitable<otpd::store::result<otpd::store::inspected>>
    inspect(otpd::store::inspection request) override;
    boost::asio::awaitable<otpd::store::result<std::vector<std::int64_t>>>
    spent(std::vector<otpd::store::budget_key> budgets) override;
    boost::asio::awaitable<otpd::store::result<otpd::store::score_answer>>
    scores(otpd::store::score_read request) override;
    boost::asio::awaitable<otpd::store::result<std::uint64_t>> live_codes() override;
    boost::asio::awaitable<otpd::store::result<std::monostate>> ping() override;
    boost::asio::awaitable<otpd::store::result<otpd::store::journals_held>>
    claim_journals(otpd::store::journal_claim request) override;
    boost::asio::awaitable<otpd::store::result<std::monostate>>
    write_journal(std::vector<otpd::store::journal_write> writes) override;
    boost::asio::awaitable<otpd::store::result<std::vector<otpd::store::journal_entry>>>
    read_journal(otpd::store::journal_page page) override;
    boost::asio::awaitable<otpd::store::result<std::vector<otpd::store::destination_override>>>
    overrides() override;
    boost::asio::awaitable<otpd::store::result<otpd::store::override_outcome>>
    change_override(otpd::store::override_change request) override;

private:
    otpd::store::backend& inner_;
    secrets_gate& gate_;
    telemetry::metrics& metrics_;
    telemetry::tracer& spans_;
};

} // namespace otpd::app
