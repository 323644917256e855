// What the conversion guard refuses of ten minutes of sends to a country without history, by rate,
// typed share and the number of addresses that the users share, with its default settings and no
// other limit (docs/limits.md). Prints a Markdown table.

#include "typing_load.hpp"

#include "backend/memory_backend.hpp"
#include "manual_clock.hpp"
#include "otpd/otp/limits.hpp"
#include "store_requests.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>

using namespace otpd;
using namespace otpd::bench;
namespace asio = boost::asio;

namespace {

class guarded_store {
public:
    /// `addresses`: of all users; 0: they give none.
    explicit guarded_store(std::uint32_t addresses) : addresses_(addresses) {}

    bool send(double second, std::uint32_t user, std::uint32_t prefix) {
        turn_to(second);
        auto request = admission_of(user);
        request.ttl = request.retention = std::chrono::minutes(30);
        request.guards = {{key(shared + 1'000'000 + prefix), "prefix", rules_.prefix_out_max,
                           rules_.typing, false},
                          {country_of(0), "country", rules_.country_out_max, rules_.typing, false}};
        if (addresses_ > 0)
            request.guards.push_back(
                {address_of(user), "address", rules_.address_out_max, rules_.typing, false});
        guarded_.try_emplace(user, prefix);
        return std::holds_alternative<store::admitted>(run(store_.admit(std::move(request))));
    }
    void type(double second, std::uint32_t user) {
        turn_to(second);
        auto request = check_of(user, true);
        request.guarded = {key(shared + 1'000'000 + guarded_.at(user)), country_of(0)};
        if (addresses_ > 0) request.guarded.push_back(address_of(user));
        run(store_.check_code(std::move(request)));
    }

private:
    [[nodiscard]] store::key_hash address_of(std::uint32_t user) const {
        return key(shared + 2'000'000 + user % addresses_);
    }
    template <class T>
    T run(asio::awaitable<store::result<T>> operation) {
        std::optional<T> answer;
        asio::co_spawn(context_, std::move(operation),
                       [&](std::exception_ptr, store::result<T> got) { answer = got.value(); });
        context_.restart();
        context_.run();
        return *std::move(answer);
    }
    void turn_to(double second) {
        auto const to = std::chrono::nanoseconds(static_cast<std::int64_t>(second * 1e9));
        clock_.advance(to - now_);
        now_ = to;
    }

    otp::pumping_rules const rules_;
    std::uint32_t const addresses_;
    asio::io_context context_{1};
    test::manual_clock clock_;
    std::chrono::nanoseconds now_{0};
    std::map<std::uint32_t, std::uint32_t> guarded_; ///< the prefix of each user
    store::memory_backend store_{context_.get_executor(), clock_, store::memory_options()};
};

void print(test::typing_load const& load, std::uint32_t addresses) {
    guarded_store store(addresses);
    auto const refused = test::refused_of(
        load,
        [&](double second, std::uint32_t user, std::uint32_t prefix) {
            return store.send(second, user, prefix);
        },
        [&](double second, std::uint32_t user) { store.type(second, user); });
    std::printf("| %g | %.0f %% | %u | %.0f | %u |\n", load.per_second, 100 * load.typed, addresses,
                load.seconds * load.per_second, refused);
}

} // namespace

int main() {
    std::puts("| sends/s | typed | addresses | sends | refused |\n|---:|---:|---:|---:|---:|");
    for (double const per_second : {0.5, 2.0, 20.0})
        for (double const typed : {0.95, 0.85, 0.7, 0.5, 0.3, 0.1, 0.0}) {
            test::typing_load load;
            load.per_second = per_second;
            load.typed = typed;
            print(load, 0);
            // As behind a carrier's NAT: two sends a second from each address at most.
            print(load, per_second > 2 ? 10 : 1);
        }
}
