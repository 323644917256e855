#pragma once

/// Lets the n-th allocation of one thread fail: operator new, and the aligned_alloc() that Asio
/// uses. counted_allocations.cpp replaces both in the program that it is linked into.

#include <cstddef>

namespace otpd::test::allocations {

/// While armed, counts the allocations of the calling thread from now on.
void count_this_thread() noexcept;
/// Lets the n-th counted allocation fail. Any thread.
void fail_nth(std::size_t n) noexcept;
/// Stops counting. Returns whether the n-th allocation was reached.
bool disarm() noexcept;

} // namespace otpd::test::allocations
