#pragma once

/// The n-th allocation of one thread fails: operator new, and the aligned_alloc() that Asio takes
/// its memory from. counted_allocations.cpp replaces both in the program that it is linked into.

#include <cstddef>

namespace otpd::test::allocations {

/// Of the calling thread are counted from now on, while armed.
void count_this_thread() noexcept;
/// The n-th one counted fails; from any thread.
void fail_nth(std::size_t n) noexcept;
/// Ends it; whether there were so many.
bool disarm() noexcept;

} // namespace otpd::test::allocations
