#include "otpd/core/random.hpp"

#include "otpd/core/secret.hpp"

#include <openssl/rand.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace otpd {

namespace {

void draw(std::span<std::byte> out) {
    if (out.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw std::length_error("too many random bytes asked for at once");
    auto* const data = reinterpret_cast<unsigned char*>(out.data());
    if (RAND_bytes(data, static_cast<int>(out.size())) != 1)
        throw std::runtime_error("OpenSSL has no randomness to give");
}

/// Counts the forks that led to this process. Bytes drawn before a fork are known to the parent
/// too.
std::atomic<unsigned> forks{0};

/// Call it before drawing bytes in advance. Throws std::runtime_error on failure; then do not draw.
void watch_for_forks() {
    static bool const watched = ::pthread_atfork(nullptr, nullptr, [] { ++forks; }) == 0;
    if (!watched) throw std::runtime_error("forks cannot be watched for");
}

/// Bytes that one thread has drawn in advance. Each byte is returned once and then wiped.
class random_buffer {
public:
    random_buffer() { watch_for_forks(); }
    ~random_buffer() { wipe(bytes_); }
    random_buffer(random_buffer const&) = delete;
    random_buffer& operator=(random_buffer const&) = delete;

    void fill(std::span<std::byte> out) {
        auto const now = forks.load(std::memory_order_relaxed);
        if (out.size() > left_ || now != drawn_in_) refill(now);
        auto const next = std::span(bytes_).subspan(bytes_.size() - left_, out.size());
        std::memcpy(out.data(), next.data(), next.size());
        wipe(next);
        left_ -= out.size();
    }

private:
    static constexpr std::size_t size = 512;

    void refill(unsigned now) {
        left_ = 0; // stays 0 if drawing throws
        draw(bytes_);
        left_ = bytes_.size();
        drawn_in_ = now;
    }

    std::array<std::byte, size> bytes_{};
    std::size_t left_ = 0;
    unsigned drawn_in_ = 0;
};

} // namespace

std::uint64_t random_source::below(std::uint64_t bound) {
    assert(bound > 0);
    // The largest multiple of `bound` that fits 64 bits. Values at or above it would favour the
    // first few results. A draw is rejected with probability below bound / 2^64.
    constexpr auto top = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t const limit = top - top % bound;
    for (;;) {
        std::array<std::byte, sizeof(std::uint64_t)> bytes;
        fill(bytes);
        auto const value = std::bit_cast<std::uint64_t>(bytes);
        if (value < limit) return value % bound;
    }
}

void openssl_random::fill(std::span<std::byte> out) {
    // RAND_bytes takes a lock, a getpid() and an AES key schedule for any number of bytes. A send
    // needs only a few bytes, twice.
    constexpr std::size_t handful = 32;
    if (out.size() > handful) return draw(out);
    if (out.empty()) return;
    thread_local random_buffer reserve;
    reserve.fill(out);
}

} // namespace otpd
