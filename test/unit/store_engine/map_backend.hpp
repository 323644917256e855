#pragma once

/// A minimal backend: blobs in a map, and commits that are answered immediately, later, or never.

#include "batch.hpp"
#include "blob_server.hpp"
#include "engine_step.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

namespace otpd::test {

using namespace std::chrono_literals;

/// Ten seconds after the start of a day of 2026.
inline constexpr store::store_time some_time = store::state::first_time + 123 * 24h + 10s;

class map_backend final : public blob_server, public store::backend_io {
public:
    explicit map_backend(bool reads_first) : reads_first_(reads_first) {}

    store::store_time time = some_time;
    store::room room = store::room::ample;
    bool holds = false;       ///< commits wait for deliver()
    bool holds_loads = false; ///< and loads for deliver_load()
    std::size_t commits = 0;
    std::size_t bytes_loaded = 0;
    bool must_survive = false;                ///< of the last commit
    std::vector<store::field_addition> added; ///< by the last commit

    [[nodiscard]] bool reads_first() const noexcept override { return reads_first_; }
    [[nodiscard]] store::store_time now() const noexcept override { return time; }
    [[nodiscard]] store::room room_left() const noexcept override { return room; }
    void load(store::flight& flight, store::flight_listener& to) override {
        loading_.push_back({&flight, &to});
        if (!holds_loads) deliver_load();
    }
    void commit(store::flight& flight, store::flight_listener& to) override {
        ++commits;
        must_survive = flight.changes.must_survive;
        added = flight.changes.additions;
        waiting_.push_back({&flight, &to});
        if (!holds) deliver();
    }

    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    void deliver_load() {
        auto const next = take(loading_);
        for (auto& load : next.what->loads) {
            load.blob = blob(load.key);
            bytes_loaded += load.blob.size();
            load.is_unchanged =
                load.known != 0 && load.known == store::state::version_of(load.blob);
        }
        next.to->loaded(*next.what);
    }
    /// Executes and answers the oldest commit.
    void deliver() {
        auto const next = take(waiting_);
        execute(next.what->changes);
        next.to->committed(*next.what);
    }
    /// Gives another answer, whether the commit is done or not.
    void lose(store::commit::outcome as, bool done) {
        auto const next = take(waiting_);
        if (done) execute(next.what->changes);
        next.what->changes.status = as;
        next.to->committed(*next.what);
    }

private:
    struct waiting_flight {
        store::flight* what;
        store::flight_listener* to;
    };
    static waiting_flight take(std::deque<waiting_flight>& from) {
        auto const next = from.front();
        from.pop_front();
        return next;
    }
    bool reads_first_;
    std::deque<waiting_flight> loading_;
    std::deque<waiting_flight> waiting_;
};

/// One instance that runs and commits one step after the other.
class engine_world {
public:
    map_backend io{true};
    store::batch steps{io, store::batch_options()};

    template <auto Rules, class Request>
    auto run(Request const& request) {
        store::engine_step<Rules, Request> step(request);
        steps.submit(step);
        BOOST_REQUIRE(step.is_done());
        return step.take().value();
    }
    store::admit_outcome admit(store::admission const& request) {
        return run<store::engine::admit>(request);
    }
    store::check_outcome check(store::check const& request) {
        return run<store::engine::check_code>(request);
    }
    store::settle_outcome settle(store::settlement const& request) {
        return run<store::engine::settle>(request);
    }
    std::optional<store::verification> find(store::verification_address const& at) {
        return run<store::engine::find>(at);
    }
    void pass(store::counter_time by) { io.time += by; }
    /// Sets the time to `by` after some_time.
    void be_at(store::counter_time by) { io.time = some_time + by; }
};

inline store::key_hash key_of(std::uint32_t n) {
    store::key_hash key{};
    for (std::size_t i = 0; i < 4; ++i)
        key[i] = key[12 + i] = static_cast<std::byte>(n >> (8 * i));
    return key;
}
inline store::verification_id id_of(std::uint32_t n) {
    return key_of(n);
}
/// The seed of code 1, 2 ...: here the code itself.
inline store::code_seed seed_of(std::uint8_t code) {
    store::code_seed seed;
    seed.key_id = 1;
    seed.nonce[0] = static_cast<std::byte>(code);
    seed.length = 6;
    return seed;
}
/// The guess of a user who typed the code of a seed.
inline auto typed(store::code_seed const& right) {
    return [right](store::code_seed const& of) { return of == right; };
}
/// The key of global limits.
inline constexpr std::uint32_t everybody = 1000;

/// A send of code 1, without any limit.
inline store::admission send_of(std::uint32_t number, std::uint32_t id) {
    store::admission request;
    request.key = store::record_key{key_of(number), "login"};
    request.id = id_of(id);
    request.code = seed_of(1);
    request.ttl = 60s;
    request.retention = 10min;
    request.guesses = store::guess_budget{20, 24h, 0, 10};
    return request;
}
inline store::check guess_of(std::uint32_t number, std::uint8_t code) {
    store::check request;
    request.key = store::record_key{key_of(number), "login"};
    request.is_code_of = typed(seed_of(code));
    request.attempts_max = 5;
    request.guesses = store::guess_budget{20, 24h, 0, 10};
    return request;
}
inline store::settlement settlement_of(std::uint32_t number, std::uint32_t id,
                                       store::send_result result) {
    store::settlement request;
    request.key = store::record_key{key_of(number), "login"};
    request.id = id_of(id);
    request.result = result;
    return request;
}

template <class Outcome, class Answer>
bool is(Answer const& answer) {
    return std::holds_alternative<Outcome>(answer);
}
template <class Outcome, class Answer>
Outcome expect(Answer const& answer) {
    BOOST_REQUIRE(std::holds_alternative<Outcome>(answer));
    return std::get<Outcome>(answer);
}

} // namespace otpd::test
