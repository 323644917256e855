#pragma once

/// What every store must do, written against the interface. A backend is added to `backends` in
/// store_contract_test.cpp and passes the same tests.
///
/// A backend is a class with
///   store::store& get();                  the store, empty
///   boost::asio::io_context& context();   what its coroutines run on
///   void advance(store::duration);        lets that much time pass for the store
/// Times below are a second or more apart from what they decide, so that a real clock serves too.

#include "coroutines.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <string>
#include <vector>

namespace otpd::test {

inline constexpr store::duration ttl{60'000};
inline constexpr store::duration cooldown_window{10'000};
inline constexpr store::guess_budget guess_limit{20, store::duration(24 * 3600 * 1000)};
inline constexpr std::uint32_t attempts_max = 5;

inline store::number_key number(std::uint32_t n) {
    store::number_key key{};
    for (std::size_t i = 0; i < 4; ++i) {
        key[i] = static_cast<std::byte>(n >> (8 * i));
        key[12 + i] = key[i];
    }
    return key;
}

inline store::verification_id verification(std::uint32_t n) {
    store::verification_id id{};
    for (std::size_t i = 0; i < 4; ++i)
        id[i] = static_cast<std::byte>(n >> (8 * i));
    return id;
}

/// The "MAC" of a code: here just the code itself, under a key id.
inline store::code_mac mac(std::uint32_t code, std::uint32_t key_id = 1) {
    store::code_mac value;
    value.key_id = key_id;
    for (std::size_t i = 0; i < 4; ++i)
        value.value[i] = static_cast<std::byte>(code >> (8 * i));
    return value;
}

inline store::charge cooldown() {
    return store::charge{"cooldown", 1, cooldown_window};
}

inline store::admission send_of(std::uint32_t phone, std::uint32_t code, std::uint32_t id,
                                std::string purpose = "login") {
    store::admission request;
    request.key = store::record_key{number(phone), std::move(purpose)};
    request.id = verification(id);
    request.code = mac(code);
    request.ttl = ttl;
    request.charges = {cooldown()};
    request.guesses = guess_limit;
    return request;
}

inline store::check guess_of(std::uint32_t phone, std::uint32_t code,
                             std::string purpose = "login") {
    store::check request;
    request.key = store::record_key{number(phone), std::move(purpose)};
    request.candidates = {mac(code)};
    request.attempts_max = attempts_max;
    request.guesses = guess_limit;
    return request;
}

inline store::settlement settlement_of(std::uint32_t phone, std::uint32_t id,
                                       store::send_result result) {
    store::settlement request;
    request.key = store::record_key{number(phone), "login"};
    request.id = verification(id);
    request.result = result;
    request.give_back = {cooldown()};
    return request;
}

template <class Backend>
struct contract : Backend {
    store::admit_outcome admit(store::admission request) {
        return run(this->context(), this->get().admit(std::move(request))).value();
    }
    store::check_outcome check(store::check request) {
        return run(this->context(), this->get().check_code(std::move(request))).value();
    }
    store::settle_outcome settle(store::settlement request) {
        return run(this->context(), this->get().settle(std::move(request))).value();
    }
    std::uint64_t live_codes() { return run(this->context(), this->get().live_codes()).value(); }

    template <class Outcome, class Variant>
    static Outcome expect(Variant const& outcome) {
        BOOST_REQUIRE(std::holds_alternative<Outcome>(outcome));
        return std::get<Outcome>(outcome);
    }

    /// Answers of `count` operations that run at once on several threads, each from its own strand.
    template <class MakeOperation>
    auto in_parallel(std::size_t count, MakeOperation make_operation) {
        using answer = typename decltype(make_operation(std::size_t{}))::value_type;
        std::vector<answer> answers(count, answer(store::fault::unavailable));
        std::atomic<bool> threw = false; // Boost.Test's checks belong to one thread
        for (std::size_t i = 0; i < count; ++i) {
            auto body = [&answers, &make_operation, i]() -> boost::asio::awaitable<void> {
                answers[i] = co_await make_operation(i);
            };
            boost::asio::co_spawn(boost::asio::make_strand(this->context()), body,
                                  [&threw](std::exception_ptr thrown) {
                                      if (thrown) threw = true;
                                  });
        }
        run_on_threads(this->context(), 4);
        BOOST_REQUIRE_MESSAGE(!threw, "a store operation threw");
        return answers;
    }
};

template <class Outcome, class Answers>
std::size_t count_of(Answers const& answers) {
    std::size_t count = 0;
    for (auto const& answer : answers)
        if (answer.has_value() && std::holds_alternative<Outcome>(*answer)) ++count;
    return count;
}

} // namespace otpd::test
