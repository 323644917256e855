#pragma once

/// A store whose n-th call from now on fails, in one of the ways of a real store.

#include "otpd/store/store.hpp"

#include <atomic>
#include <stdexcept>
#include <utility>

namespace otpd::test {

enum class store_failure {
    unavailable,    ///< it was not done
    timed_out,      ///< it was done, but the answer was lost
    throws_instead, ///< a bug: it was not done
    throws_after    ///< a bug: it was done
};
inline constexpr store_failure all_store_failures[] = {
    store_failure::unavailable, store_failure::timed_out, store_failure::throws_instead,
    store_failure::throws_after};

class faulty_store final : public store::store {
public:
    explicit faulty_store(store& inner) noexcept : inner_(inner) {}

    /// Call between requests.
    void fail(unsigned nth, store_failure how) {
        how_ = how;
        failed_ = "";
        left_ = nth;
    }
    /// Ends the fault. Returns the call that failed; empty if the n-th call was not reached.
    std::string_view disarm() {
        left_ = 0;
        return failed_;
    }

    template <class T>
    using reply = boost::asio::awaitable<otpd::store::result<T>>;

    reply<otpd::store::admit_outcome> admit(otpd::store::admission request) override {
        return call("admit", inner_.admit(std::move(request)));
    }
    reply<otpd::store::settle_outcome> settle(otpd::store::settlement request) override {
        return call("settle", inner_.settle(std::move(request)));
    }
    reply<otpd::store::replace_outcome>
    replace_reservation(otpd::store::reservation_replacement request) override {
        return call("replace_reservation", inner_.replace_reservation(std::move(request)));
    }
    reply<otpd::store::update_outcome> update(otpd::store::delivery_update request) override {
        return call("update", inner_.update(std::move(request)));
    }
    reply<otpd::store::check_outcome> check_code(otpd::store::check request) override {
        return call("check_code", inner_.check_code(std::move(request)));
    }
    reply<std::optional<otpd::store::verification>>
    find(otpd::store::verification_address at) override {
        return call("find", inner_.find(at));
    }
    reply<otpd::store::cancel_outcome> cancel(otpd::store::cancellation request) override {
        return call("cancel", inner_.cancel(std::move(request)));
    }
    reply<otpd::store::released> release_number(otpd::store::release request) override {
        return call("release_number", inner_.release_number(request));
    }
    reply<otpd::store::inspected> inspect(otpd::store::inspection request) override {
        return call("inspect", inner_.inspect(std::move(request)));
    }
    reply<std::vector<std::int64_t>> spent(std::vector<otpd::store::budget_key> budgets) override {
        return call("spent", inner_.spent(std::move(budgets)));
    }
    reply<otpd::store::score_answer> scores(otpd::store::score_read request) override {
        return call("scores", inner_.scores(std::move(request)));
    }
    reply<std::uint64_t> live_codes() override { return call("live_codes", inner_.live_codes()); }
    reply<std::monostate> ping() override { return call("ping", inner_.ping()); }

private:
    /// `step` has not begun: a coroutine begins when it is awaited.
    template <class T>
    reply<T> call(std::string_view name, reply<T> step) {
        bool const now = left_ > 0 && --left_ == 0;
        if (!now) co_return co_await std::move(step);
        failed_ = name;
        if (how_ == store_failure::unavailable) co_return otpd::store::fault::not_executed;
        if (how_ == store_failure::throws_instead) throw std::runtime_error("a bug of a store");
        [[maybe_unused]] auto const lost = co_await std::move(step);
        if (how_ == store_failure::timed_out) co_return otpd::store::fault::unknown;
        throw std::runtime_error("a bug of a store");
    }

    store& inner_;
    std::atomic<unsigned> left_ = 0;
    store_failure how_{};
    std::string_view failed_;
};

} // namespace otpd::test
