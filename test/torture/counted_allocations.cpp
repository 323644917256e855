#include "counted_allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace otpd::test::allocations {
namespace {

std::atomic<std::size_t> left = 0;
std::atomic<bool> failed = false;
thread_local bool is_counted = false;

bool fails_now() noexcept {
    if (!is_counted || left.load(std::memory_order_relaxed) == 0) return false;
    if (left.fetch_sub(1) != 1) return false;
    failed = true;
    return true;
}

} // namespace

void count_this_thread() noexcept {
    is_counted = true;
}
void fail_nth(std::size_t n) noexcept {
    failed = false;
    left = n;
}
bool disarm() noexcept {
    left = 0;
    return failed;
}

} // namespace otpd::test::allocations

namespace {

void* allocate(std::size_t size) noexcept {
    if (otpd::test::allocations::fails_now()) return nullptr;
    return std::malloc(size > 0 ? size : 1);
}
void* allocate_or_throw(std::size_t size) {
    if (void* const memory = allocate(size)) return memory;
    throw std::bad_alloc();
}

} // namespace

extern "C" void* __real_aligned_alloc(std::size_t alignment, std::size_t size) noexcept;
extern "C" void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    if (otpd::test::allocations::fails_now()) return nullptr;
    return __real_aligned_alloc(alignment, size);
}

void* operator new(std::size_t size) {
    return allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
    return allocate_or_throw(size);
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
    return allocate(size);
}
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept {
    return allocate(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
