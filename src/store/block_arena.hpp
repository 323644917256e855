#pragma once

/// Memory for many small blocks of bytes: a block is known by a number of four bytes and costs nothing beside
/// its size, rounded up to a multiple of four, where malloc takes eight more and rounds up to sixteen.
///
/// Blocks of one size are cut out of pages; a page whose blocks are all free is given back unless it is the
/// last of its size with a free one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

namespace otpd::store {

/// Used by one thread at a time.
class block_arena {
public:
    using block = std::uint32_t;
    static constexpr block none = ~block{0};

    block_arena();

    /// What `size` bytes take: blocks of as many are of one kind.
    [[nodiscard]] static constexpr std::size_t room_for(std::size_t size) noexcept {
        auto const whole = (size + step - 1) / step * step;
        return whole < least ? least : whole;
    }

    /// Throws std::bad_alloc, and std::length_error when there are as many pages as can be numbered.
    [[nodiscard]] block allocate(std::size_t size);
    void free(block of) noexcept;
    /// Until it is freed.
    [[nodiscard]] std::byte* at(block of) const noexcept {
        auto const& in = pages_[of >> block_bits];
        return in.bytes.get() + std::size_t{of & block_mask} * in.room;
    }

private:
    using index = std::uint16_t;
    static constexpr std::size_t step = 4;
    static constexpr std::size_t least = 32;
    static constexpr std::size_t page_size = 32'768;
    /// Of the system's pages: jemalloc puts what asks for less anywhere within one page more, which is then in memory as
    /// well (measured, from one to five million codes: 173 bytes each, now 158).
    static constexpr std::align_val_t page_alignment{4096};
    /// Larger ones have a page each, of their size.
    static constexpr std::size_t shared_max = 1024;
    static constexpr std::align_val_t large_alignment{16};
    static constexpr unsigned block_bits = 10;
    static constexpr block block_mask = (block{1} << block_bits) - 1;
    static constexpr std::size_t pages_max = (std::size_t{1} << (32 - block_bits)) - 1;
    static_assert(page_size / least <= block_mask + 1);
    static constexpr index no_block = 0xffff;
    static constexpr std::uint32_t no_page = ~std::uint32_t{0};

    struct give_back {
        std::align_val_t alignment;
        void operator()(std::byte* bytes) const noexcept { ::operator delete[](bytes, alignment); }
    };
    struct page {
        std::unique_ptr<std::byte[], give_back> bytes;
        std::uint32_t room = 0;      ///< of each block
        index used = 0;              ///< blocks that are not free
        index cut = 0;               ///< blocks that ever were not
        index first_free = no_block; ///< each of those says which is the next, in its first bytes
        std::uint32_t before = no_page; ///< of those of the same size that have free blocks
        std::uint32_t after = no_page;
    };

    static std::size_t blocks_of(page const& in) noexcept;
    [[nodiscard]] std::uint32_t new_page(std::size_t room);
    void link(std::uint32_t at) noexcept;
    void unlink(std::uint32_t at) noexcept;

    std::vector<page> pages_;
    std::vector<std::uint32_t> unused_; ///< numbers of pages that were given back
    std::vector<std::uint32_t> open_;   ///< by size, the first page that has a free block
};

} // namespace otpd::store
