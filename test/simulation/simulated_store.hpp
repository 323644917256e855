#pragma once

/// A store whose calls wait for their turn, may be lost on their way, and are reported when they
/// are done.

#include "gates.hpp"
#include "otpd/store/store.hpp"
#include "watcher.hpp"

#include <functional>
#include <utility>
#include <variant>

namespace otpd::simulation {

/// The longest time of a call before the service learns that the store does not answer.
inline constexpr instant store_patience{2'000'000};

class simulated_store final : public store::store {
public:
    /// `inner` may be another store after each turn. `lose`: the server's next answer to it is
    /// lost, and the step is done or not; returns false if such a store has no server.
    simulated_store(std::function<store&()> inner, std::function<bool(bool done)> lose,
                    gates& turns, virtual_clock const& clock, watcher& watching, int& calls_inside)
        : inner_(std::move(inner)), lose_(std::move(lose)), turns_(turns), clock_(clock),
          watcher_(watching), calls_inside_(calls_inside) {}

    template <class T>
    using reply = boost::asio::awaitable<otpd::store::result<T>>;

    reply<otpd::store::admit_outcome> admit(otpd::store::admission request) override {
        watcher_.admitting(turns_.current(), request);
        auto call = [this, request = std::move(request)]() mutable {
            return inner_().admit(std::move(request));
        };
        return step<otpd::store::admit_outcome>(store_step::admit, std::move(call));
    }
    reply<otpd::store::settle_outcome> settle(otpd::store::settlement request) override {
        auto call = [this, request = std::move(request)]() mutable {
            return inner_().settle(std::move(request));
        };
        return step<otpd::store::settle_outcome>(store_step::settle, std::move(call));
    }
    reply<otpd::store::replace_outcome>
    replace_reservation(otpd::store::reservation_replacement request) override {
        auto call = [this, request = std::move(request)]() mutable {
            return inner_().replace_reservation(std::move(request));
        };
        return step<otpd::store::replace_outcome>(store_step::replace_reservation, std::move(call));
    }
    reply<otpd::store::update_outcome> update(otpd::store::delivery_update request) override {
        auto call = [this, request = std::move(request)]() mutable {
            return inner_().update(std::move(request));
        };
        return step<otpd::store::update_outcome>(store_step::update, std::move(call));
    }
    reply<otpd::store::check_outcome> check_code(otpd::store::check request) override {
        request.is_code_of = [this, op = turns_.current(),
                              is_code_of = request.is_code_of](otpd::store::code_seed const& seed) {
            watcher_.compared(op, seed);
            return is_code_of(seed);
        };
        auto call = [this, request = std::move(request)]() mutable {
            return inner_().check_code(std::move(request));
        };
        return step<otpd::store::check_outcome>(store_step::check, std::move(call));
    }
    reply<std::optional<otpd::store::verification>>
    find(otpd::store::verification_address at) override {
        auto call = [this, at] { return inner_().find(at); };
        return step<std::optional<otpd::store::verification>>(store_step::find, std::move(call));
    }
    reply<otpd::store::cancel_outcome> cancel(otpd::store::cancellation request) override {
        auto call = [this, request = std::move(request)]() mutable {
            return inner_().cancel(std::move(request));
        };
        return step<otpd::store::cancel_outcome>(store_step::cancel, std::move(call));
    }
    reply<otpd::store::released> release_number(otpd::store::release request) override {
        auto call = [this, request] { return inner_().release_number(request); };
        return step<otpd::store::released>(store_step::release, std::move(call));
    }
    // A history does not request these through the service.
    reply<otpd::store::inspected> inspect(otpd::store::inspection request) override {
        return inner_().inspect(std::move(request));
    }
    reply<std::vector<std::int64_t>> spent(std::vector<otpd::store::budget_key> budgets) override {
        return inner_().spent(std::move(budgets));
    }
    reply<otpd::store::score_answer> scores(otpd::store::score_read request) override {
        return inner_().scores(std::move(request));
    }
    reply<std::uint64_t> live_codes() override { return inner_().live_codes(); }
    reply<std::monostate> ping() override { return inner_().ping(); }

private:
    static seen effect_of(otpd::store::check_outcome const& said) {
        if (std::holds_alternative<otpd::store::verified>(said)) return seen::right;
        return std::holds_alternative<otpd::store::wrong>(said) ? seen::wrong : seen::nothing;
    }
    static seen effect_of(otpd::store::admit_outcome const& said) {
        if (std::holds_alternative<otpd::store::begin_after>(said)) return seen::elsewhere;
        return std::holds_alternative<otpd::store::admitted>(said) ? seen::admitted : seen::nothing;
    }
    static seen effect_of(otpd::store::replace_outcome const& said) {
        bool const is_booked = std::holds_alternative<otpd::store::reservation_replaced>(said);
        return is_booked ? seen::admitted : seen::nothing;
    }
    void report_code(operation_id op, otpd::store::admit_outcome const& said) {
        if (auto const* const done = std::get_if<otpd::store::admitted>(&said))
            watcher_.admitted(op, done->code);
    }
    template <class T>
    void report_code(operation_id, T const&) {}
    template <class T>
    static seen effect_of(T const&) {
        return seen::nothing;
    }

    /// If the caller has given up, awaiting throws and nothing is done.
    template <class T>
    reply<T> counted(reply<T> call) {
        struct inside {
            int& calls;
            explicit inside(int& of) : calls(++of) {}
            ~inside() { --calls; }
            inside(inside const&) = delete;
            inside& operator=(inside const&) = delete;
        };
        inside const now(calls_inside_);
        co_return co_await std::move(call);
    }

    /// Without a server, the caller gets no answer instead.
    template <class T, class Call>
    boost::asio::awaitable<seen> without_answer(Call& call, bool done) {
        bool const has_server = lose_(done);
        if (!has_server && !done) co_return seen::unheard;
        auto const answer = co_await counted<T>(call());
        if (!has_server && answer) co_return effect_of(*answer);
        if (has_server == answer.has_value())
            watcher_.broken("the store knows what it cannot know");
        co_return seen::unheard;
    }

    template <class T, class Call>
    reply<T> step(store_step what, Call call) {
        auto const op = turns_.current();
        auto const issued = clock_.elapsed();
        auto const overdue = issued + store_patience;
        auto becomes = co_await turns_.pass(stage::to_store, overdue);
        if (becomes == fate::lost) {
            watcher_.failed(op, what);
            co_return otpd::store::fault::not_executed;
        }
        watcher_.about_to_do();
        if (becomes == fate::unanswered || becomes == fate::never_arrived) {
            auto const said = co_await without_answer<T>(call, becomes == fate::unanswered);
            if (becomes == fate::unanswered) watcher_.done(op, what, issued, said);
            watcher_.failed(op, what);
            co_return otpd::store::fault::unknown;
        }
        auto answer = co_await counted<T>(call());
        if (answer) {
            report_code(op, *answer);
            watcher_.done(op, what, issued, effect_of(*answer));
        } else {
            watcher_.broken("the store failed by itself");
        }
        if (becomes == fate::waits) becomes = co_await turns_.pass(stage::from_store, overdue);
        if (becomes == fate::unheard || becomes == fate::lost) {
            watcher_.failed(op, what);
            co_return otpd::store::fault::unknown;
        }
        co_return answer;
    }

    std::function<store&()> inner_;
    std::function<bool(bool)> lose_;
    gates& turns_;
    virtual_clock const& clock_;
    watcher& watcher_;
    int&
        /// Waits for a store with its own thread: the history has one step at a time.
        calls_inside_;
};

} // namespace otpd::simulation
