#pragma once

/// The contract of every store, written against the interface. A backend that is added to
/// `backends` in backends.hpp must pass the same tests.
///
/// Times in these tests are at least a second away from any threshold, so that a real clock also
/// works.

#include "coroutines.hpp"
#include "otpd/store/backend.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace otpd::test {

inline constexpr store::duration one_second{1000};
inline constexpr store::duration one_hour{3'600'000};
inline constexpr store::duration one_day{24 * one_hour};

inline constexpr store::duration ttl{60'000};
inline constexpr store::duration retention_of_sends{600'000};
inline constexpr store::duration cooldown_window{10'000};
inline constexpr store::duration lease{5000};
inline constexpr store::guess_budget guess_limit{20, one_day, 0, 10};
inline constexpr std::uint32_t attempts_max = 5;

inline store::key_hash subject(std::uint32_t n) {
    store::key_hash key{};
    for (std::size_t i = 0; i < 4; ++i) {
        key[i] = static_cast<std::byte>(n >> (8 * i));
        key[12 + i] = key[i];
    }
    return key;
}
inline store::number_key number(std::uint32_t n) {
    return subject(n);
}
/// Subjects other than the tests' numbers, which are small.
inline constexpr std::uint32_t everybody = 0xffff'0000;
inline constexpr std::uint32_t one_client = everybody + 1;

inline store::verification_id id_of(std::uint32_t n) {
    store::verification_id id{};
    for (std::size_t i = 0; i < 4; ++i)
        id[i] = static_cast<std::byte>(n >> (8 * i));
    return id;
}

/// The seed that a code is derived from: here the code itself, under a key id.
inline store::code_seed seed(std::uint32_t code, std::uint32_t key_id = 1) {
    store::code_seed value;
    value.key_id = key_id;
    for (std::size_t i = 0; i < 4; ++i)
        value.nonce[i] = static_cast<std::byte>(code >> (8 * i));
    value.length = 6;
    return value;
}
/// The guess of a user who typed the code.
inline auto typed(std::uint32_t code, std::uint32_t key_id = 1) {
    return [right = seed(code, key_id)](store::code_seed const& of) { return of == right; };
}

/// A cooldown that never grows.
inline store::cooldown_rule cooldown() {
    return store::cooldown_rule{cooldown_window, cooldown_window, store::duration(0)};
}

/// A send with the cooldown and without any other limit. Its lease is 0, so that other sends need
/// not wait for its settlement.
inline store::admission send_of(std::uint32_t phone, std::uint32_t code, std::uint32_t id,
                                std::string scope = "login") {
    store::admission request;
    request.key = store::record_key{number(phone), std::move(scope)};
    request.id = id_of(id);
    request.code = seed(code);
    request.ttl = ttl;
    request.retention = retention_of_sends;
    request.cooldown = cooldown();
    request.guesses = guess_limit;
    return request;
}
/// The same without a cooldown.
inline store::admission free_send_of(std::uint32_t phone, std::uint32_t code, std::uint32_t id,
                                     std::string scope = "login") {
    auto request = send_of(phone, code, id, std::move(scope));
    request.cooldown = {};
    return request;
}

/// A send with a new code, whatever is live.
inline store::admission fresh_send_of(std::uint32_t phone, std::uint32_t code, std::uint32_t id) {
    auto request = free_send_of(phone, code, id);
    request.repeat.repeated_for = store::duration(-1);
    return request;
}

/// A guess without an id.
inline store::check guess_of(std::uint32_t phone, std::uint32_t code, std::string scope = "login") {
    store::check request;
    request.key = store::record_key{number(phone), std::move(scope)};
    request.is_code_of = typed(code);
    request.attempts_max = attempts_max;
    request.guesses = guess_limit;
    return request;
}
inline store::check held_guess_of(std::uint32_t phone, std::uint32_t code, std::uint32_t id,
                                  std::string scope = "login") {
    auto request = guess_of(phone, code, std::move(scope));
    request.id = id_of(id);
    return request;
}

/// The same request by another requester.
template <class Request>
Request by(std::uint8_t who, Request request) {
    request.by[0] = std::byte{who};
    return request;
}

inline store::receipt some_receipt() {
    store::receipt kept;
    kept.route_id = 3;
    kept.order_id = "22953";
    kept.bx_message_id = "BX-22953-c5f4f53431ed22c2";
    kept.cost = otpd::money::from_micros(87'000);
    return kept;
}

/// The settlement of a send with cooldown(). A refused one leaves no back-off.
inline store::settlement settlement_of(std::uint32_t phone, std::uint32_t id,
                                       store::send_result result) {
    store::settlement request;
    request.key = store::record_key{number(phone), "login"};
    request.id = id_of(id);
    request.result = result;
    request.cooldown = cooldown_window;
    return request;
}

inline store::settlement accepted_settlement(std::uint32_t phone, std::uint32_t id) {
    auto request = settlement_of(phone, id, store::send_result::accepted);
    request.accepted = some_receipt();
    return request;
}

inline store::verification_address address_of(std::uint32_t phone, std::uint32_t id) {
    return store::verification_address{number(phone), id_of(id)};
}

/// The tests' interface to a backend.
class tested_backend {
public:
    virtual ~tested_backend() = default;
    virtual store::backend& get() = 0; ///< the empty store
    /// The context of its coroutines.
    virtual boost::asio::io_context& context() = 0;
    /// Advances the store's clock.
    virtual void advance(store::duration by) = 0;
    /// The time since midnight UTC by the store's clock.
    virtual store::duration time_of_day() = 0;
    /// The size in bytes of the largest stored state.
    virtual std::size_t largest_state() = 0;
    /// The number of batches that the backend has received.
    virtual std::uint64_t commits() = 0;
};

/// Adapts a class of backends.hpp, which has the same functions. A test is thus compiled once, not
/// once per backend.
template <class Backend>
class tested final : public tested_backend {
public:
    store::backend& get() override { return backend_.get(); }
    boost::asio::io_context& context() override { return backend_.context(); }
    void advance(store::duration by) override { backend_.advance(by); }
    store::duration time_of_day() override { return backend_.time_of_day(); }
    std::size_t largest_state() override { return backend_.largest_state(); }
    std::uint64_t commits() override { return backend_.commits(); }

private:
    Backend backend_;
};

template <class Backend>
std::unique_ptr<tested_backend> make_tested() {
    return std::make_unique<tested<Backend>>();
}
/// Of the current test.
inline std::unique_ptr<tested_backend> (*make_the_tested)() = nullptr;

class contract {
public:
    store::backend& get() { return backend_->get(); }
    boost::asio::io_context& context() { return backend_->context(); }
    void advance(store::duration by) { backend_->advance(by); }
    store::duration time_of_day() { return backend_->time_of_day(); }
    std::size_t largest_state() { return backend_->largest_state(); }
    std::uint64_t commits() { return backend_->commits(); }

    store::admit_outcome admit(store::admission request) {
        return run(context(), get().admit(std::move(request))).value();
    }
    store::check_outcome check(store::check request) {
        return run(context(), get().check_code(std::move(request))).value();
    }
    store::settle_outcome settle(store::settlement request) {
        return run(context(), get().settle(std::move(request))).value();
    }
    store::replace_outcome replace_reservation(store::reservation_replacement request) {
        return run(context(), get().replace_reservation(std::move(request))).value();
    }
    store::update_outcome update(store::delivery_update request) {
        return run(context(), get().update(std::move(request))).value();
    }
    std::vector<std::int64_t> spent(std::vector<store::budget_key> of) {
        return run(context(), get().spent(std::move(of))).value();
    }
    store::score_answer scores(store::score_read request) {
        return run(context(), get().scores(std::move(request))).value();
    }
    std::optional<store::verification> find(std::uint32_t phone, std::uint32_t id) {
        return run(context(), get().find(address_of(phone, id))).value();
    }
    store::cancel_outcome cancel(std::uint32_t phone, std::uint32_t id, std::string prefix = "",
                                 std::optional<store::score_slot> verified = {}) {
        store::cancellation request{address_of(phone, id), std::move(prefix)};
        request.verified = std::move(verified);
        return run(context(), get().cancel(std::move(request))).value();
    }
    store::released release(std::uint32_t phone, store::release_part what) {
        return run(context(), get().release_number(store::release{number(phone), what})).value();
    }
    store::agreement agree(store::shared_secrets secrets) {
        return run(context(), get().agree(std::move(secrets))).value();
    }
    std::uint64_t live_codes() { return run(context(), get().live_codes()).value(); }

    // These return what a test relies on, and stop the test if it is missing.
    store::admitted admitted(store::admission request) {
        return expect<store::admitted>(admit(std::move(request)));
    }
    store::wrong wrong(store::check request) {
        return expect<store::wrong>(check(std::move(request)));
    }
    store::verified verified(store::check request) {
        return expect<store::verified>(check(std::move(request)));
    }
    /// Of a send that is refused for one reason.
    store::violation violation(store::admission request) {
        auto const answer = expect<store::refused>(admit(std::move(request)));
        BOOST_REQUIRE(answer.violations.size() == 1U);
        return answer.violations[0];
    }
    std::vector<store::event_type> kinds(std::uint32_t phone, std::uint32_t id) {
        std::vector<store::event_type> all;
        for (auto const& event : events(phone, id))
            all.push_back(event.type);
        return all;
    }
    std::vector<store::event> events(std::uint32_t phone, std::uint32_t id) {
        auto const found = find(phone, id);
        BOOST_REQUIRE(found.has_value());
        return found->events;
    }
    store::progress state(std::uint32_t phone, std::uint32_t id) {
        auto const found = find(phone, id);
        BOOST_REQUIRE(found.has_value());
        return found->state;
    }

    template <class Outcome, class Variant>
    static Outcome expect(Variant const& outcome) {
        BOOST_REQUIRE(std::holds_alternative<Outcome>(outcome));
        return std::get<Outcome>(outcome);
    }

    /// Advances to ten seconds after the start of an hour or a day of the store's clock.
    void begin_hour() { begin(one_hour); }
    void begin_day() { begin(one_day); }

    /// Returns the answers of `count` operations that run concurrently on several threads, each on
    /// its own strand.
    template <class MakeOperation>
    auto in_parallel(std::size_t count, MakeOperation make_operation) {
        using answer = typename decltype(make_operation(std::size_t{}))::value_type;
        std::vector<answer> answers(count, answer(store::fault::not_executed));
        std::atomic<bool> threw = false; // Boost.Test's checks belong to one thread
        for (std::size_t i = 0; i < count; ++i) {
            auto body = [&answers, &make_operation, i]() -> boost::asio::awaitable<void> {
                answers[i] = co_await make_operation(i);
            };
            boost::asio::co_spawn(boost::asio::make_strand(context()), body,
                                  [&threw](std::exception_ptr thrown) {
                                      if (thrown) threw = true;
                                  });
        }
        run_on_threads(context(), 4);
        BOOST_REQUIRE_MESSAGE(!threw, "a store operation threw");
        return answers;
    }

private:
    void begin(store::duration period) {
        advance(period - time_of_day() % period + store::duration(10'000));
    }

    std::unique_ptr<tested_backend> backend_ = make_the_tested();
};

template <class Outcome, class Answers>
std::size_t count_of(Answers const& answers) {
    std::size_t count = 0;
    for (auto const& answer : answers)
        if (answer.has_value() && std::holds_alternative<Outcome>(*answer)) ++count;
    return count;
}

} // namespace otpd::test
