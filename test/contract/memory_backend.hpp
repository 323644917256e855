#pragma once

/// The memory store with a clock that the tests set.

#include "backend/memory_backend.hpp"
#include "coroutines.hpp"
#include "manual_clock.hpp"

#include <boost/asio/io_context.hpp>

namespace otpd::test {

class memory_backend {
public:
    store::backend& get() { return store_; }
    boost::asio::io_context& context() { return context_; }
    void advance(store::duration by) { clock_.advance(by); }
    store::duration time_of_day() {
        return std::chrono::floor<store::duration>(clock_.wall().time_since_epoch() %
                                                   std::chrono::hours(24));
    }
    /// Returns the mean, because single states cannot be queried. One that grew with history would
    /// raise it visibly.
    std::size_t largest_state() {
        run(context_, store_.sweep());
        auto const all = run(context_, store_.usage());
        return all.bytes / all.states;
    }
    std::uint64_t commits() { return 0; } // there are no commits

private:
    boost::asio::io_context context_;
    manual_clock clock_;
    store::memory_backend store_{context_.get_executor(), clock_, store::memory_options{}};
};

} // namespace otpd::test
