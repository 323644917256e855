#include "shared_server.hpp"

#include <algorithm>

namespace otpd::simulation {

namespace {

constexpr std::chrono::milliseconds patience = std::chrono::hours(1); // no step waits here

store::batch_options options_of(std::uint32_t number) {
    otpd::store::batch_options chosen;
    chosen.cached_max = 10'000; // more than a history has
    chosen.instance = number;
    return chosen;
}

} // namespace

shared_instance::shared_instance(boost::asio::io_context& context, clock const& server_time,
                                 test::blob_server& server, std::uint32_t number)
    : batched_store(context.get_executor(), *this, options_of(number), patience),
      server_time_(server_time), server_(server) {}

store::store_time shared_instance::now() const noexcept {
    return otpd::store::store_time(
        std::chrono::floor<otpd::store::counter_time>(server_time_.wall().time_since_epoch()));
}

void shared_instance::commit(otpd::store::flight& flight, otpd::store::flight_listener& to) {
    if (flight.changes.groups > 0) execute(flight.changes);
    to.committed(flight);
}

/// A step that must run again is committed again: the lost answer is the last one.
void shared_instance::execute(otpd::store::commit& commit) {
    bool const is_asked = lost_ != answer::never_asked;
    if (is_asked) server_.execute(commit);
    bool const runs_again =
        std::ranges::find(commit.failed, true) != commit.failed.end() ||
        std::ranges::any_of(commit.shared, &otpd::store::shared_target::is_wanted);
    if (lost_ == answer::arrives || (is_asked && runs_again)) return;
    lost_ = answer::arrives;
    commit.status = otpd::store::commit::outcome::unknown;
}

} // namespace otpd::simulation
