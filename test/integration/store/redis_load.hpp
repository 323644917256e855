#pragma once

#include "redis_fixture.hpp"

#include <boost/asio/strand.hpp>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace otpd::test {

/// The answers that the clients of one number got.
struct tally {
    int admitted = 0;
    int wrong = 0;
    int verified = 0;
};

/// For one number after the other, sends one code, guesses wrongly too often and then rightly too
/// often, over either instance. violations() counts what must never happen.
class load {
public:
    /// `wrong_max`: how many guesses of a code may be evaluated, over both instances.
    load(driven_redis_backend& first, driven_redis_backend& second, int wrong_max = attempts_max)
        : instances_{&first, &second}, wrong_max_(wrong_max) {
        for (std::uint32_t client = 0; client < clients; ++client)
            boost::asio::co_spawn(boost::asio::make_strand(context_), work(client),
                                  [this](std::exception_ptr e) {
                                      if (e) threw_ = true;
                                  });
        for (int i = 0; i < 2; ++i)
            threads_.emplace_back([this] { context_.run(); });
    }
    ~load() { stop(); }
    load(load const&) = delete;
    load& operator=(load const&) = delete;

    [[nodiscard]] std::uint64_t verified() const noexcept { return verified_; }
    [[nodiscard]] std::uint64_t numbers() const noexcept { return numbers_; }
    [[nodiscard]] std::uint64_t faults() const noexcept { return faults_; }
    [[nodiscard]] std::uint64_t violations() const noexcept {
        return violations_ + (threw_ ? 1 : 0);
    }
    void stop() {
        stopping_ = true;
        threads_.clear();
    }

private:
    static constexpr std::uint32_t clients = 32;

    boost::asio::awaitable<void> work(std::uint32_t client) {
        for (std::uint32_t n = 0; !stopping_; ++n)
            co_await one_number(client * 10'000'000 + n, *instances_[n % 2],
                                *instances_[(n + 1) % 2]);
    }
    boost::asio::awaitable<void> one_number(std::uint32_t phone, driven_redis_backend& first,
                                            driven_redis_backend& second) {
        tally seen;
        for (std::uint32_t i = 0; i < 2; ++i) {
            auto request = send_of(phone, 111, 2 * phone + i);
            auto const answer = co_await (i == 0 ? first : second)->admit(std::move(request));
            note(answer);
            if (is<store::full>(answer)) ++faults_;
            if (is<store::admitted>(answer)) ++seen.admitted;
        }
        for (std::uint32_t i = 0; i < attempts_max - 1; ++i) {
            auto const answer = co_await guess(i % 2 == 0 ? first : second, phone, 222);
            if (is<store::wrong>(answer)) ++seen.wrong;
        }
        if (phone % 2 == 0) // guesses use up every second one
            for (std::uint32_t i = 0; i < attempts_max; ++i) {
                auto const answer = co_await guess(first, phone, 333);
                if (is<store::wrong>(answer)) ++seen.wrong;
            }
        for (std::uint32_t i = 0; i < 3; ++i) {
            auto const answer = co_await guess(i % 2 == 0 ? second : first, phone, 111);
            if (is<store::verified>(answer)) ++seen.verified;
        }
        bool const exhausted_code_accepted =
            phone % 2 == 0 && seen.verified > 0 && seen.wrong >= wrong_max_;
        if (seen.admitted > 1 || seen.verified > 1 || seen.wrong > wrong_max_ ||
            exhausted_code_accepted)
            ++violations_;
        verified_ += static_cast<std::uint64_t>(seen.verified);
        ++numbers_;
    }
    boost::asio::awaitable<store::result<store::check_outcome>>
    guess(driven_redis_backend& at, std::uint32_t phone, std::uint32_t code) {
        auto request = guess_of(phone, code);
        auto answer = co_await at->check_code(std::move(request));
        note(answer);
        co_return answer;
    }
    template <class Answer>
    void note(Answer const& answer) {
        if (answer.has_error()) ++faults_;
    }

    std::array<driven_redis_backend*, 2> instances_;
    int const wrong_max_;
    boost::asio::io_context context_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> threw_{false};
    std::atomic<std::uint64_t> verified_{0};
    std::atomic<std::uint64_t> numbers_{0};
    std::atomic<std::uint64_t> faults_{0};
    std::atomic<std::uint64_t> violations_{0};
    std::vector<std::jthread> threads_;
};

} // namespace otpd::test
