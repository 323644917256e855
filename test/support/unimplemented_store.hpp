#pragma once

#include "otpd/store/store.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace otpd::test {

/// A store that does not answer. Fakes override what they implement.
class unimplemented_store : public store::store {
public:
    template <class T>
    using reply = boost::asio::awaitable<otpd::store::result<T>>;

    reply<otpd::store::admit_outcome> admit(otpd::store::admission) override { co_return down; }
    reply<otpd::store::settle_outcome> settle(otpd::store::settlement) override { co_return down; }
    reply<otpd::store::replace_outcome>
    replace_reservation(otpd::store::reservation_replacement) override {
        co_return down;
    }
    reply<otpd::store::update_outcome> update(otpd::store::delivery_update) override {
        co_return down;
    }
    reply<otpd::store::check_outcome> check_code(otpd::store::check) override { co_return down; }
    reply<std::optional<otpd::store::verification>>
    find(otpd::store::verification_address) override {
        co_return down;
    }
    reply<otpd::store::cancel_outcome> cancel(otpd::store::cancellation) override {
        co_return down;
    }
    reply<otpd::store::released> release_number(otpd::store::release) override { co_return down; }
    reply<otpd::store::inspected> inspect(otpd::store::inspection) override { co_return down; }
    reply<std::vector<std::int64_t>> spent(std::vector<otpd::store::budget_key>) override {
        co_return down;
    }
    reply<otpd::store::score_answer> scores(otpd::store::score_read) override { co_return down; }
    reply<std::uint64_t> live_codes() override { co_return down; }
    reply<std::monostate> ping() override { co_return down; }

private:
    static constexpr auto down = otpd::store::fault::not_executed;
};

} // namespace otpd::test
