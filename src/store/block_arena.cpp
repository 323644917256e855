#include "block_arena.hpp"

#include <cstring>
#include <stdexcept>
#include <utility>

namespace otpd::store {

block_arena::block_arena() : open_(shared_max / step + 1, no_page) {}

std::size_t block_arena::blocks_of(page const& in) noexcept {
    return in.room > shared_max ? 1 : page_size / in.room;
}

void block_arena::link(std::uint32_t at) noexcept {
    auto& here = pages_[at];
    if (here.room > shared_max) return;
    auto& first = open_[here.room / step];
    here.before = no_page;
    here.after = first;
    if (first != no_page) pages_[first].before = at;
    first = at;
}

void block_arena::unlink(std::uint32_t at) noexcept {
    auto const& here = pages_[at];
    if (here.room > shared_max) return;
    if (here.before == no_page)
        open_[here.room / step] = here.after;
    else
        pages_[here.before].after = here.after;
    if (here.after != no_page) pages_[here.after].before = here.before;
}

std::uint32_t block_arena::new_page(std::size_t room) {
    if (unused_.empty()) {
        if (pages_.size() == pages_max) throw std::length_error("the memory store is full");
        unused_.reserve(pages_.size() + 1); // free() needs no memory
        pages_.emplace_back();
        unused_.push_back(static_cast<std::uint32_t>(pages_.size() - 1));
    }
    auto const at = unused_.back();
    auto const size = room > shared_max ? room : page_size;
    auto const alignment = room > shared_max ? large_alignment : page_alignment;
    std::unique_ptr<std::byte[], give_back> bytes(new (alignment) std::byte[size], {alignment});
    pages_[at] = page{std::move(bytes), static_cast<std::uint32_t>(room)};
    unused_.pop_back();
    link(at);
    return at;
}

block_arena::block block_arena::allocate(std::size_t size) {
    auto const room = room_for(size);
    auto at = room > shared_max ? no_page : open_[room / step];
    if (at == no_page) at = new_page(room);
    auto& in = pages_[at];
    auto of = in.first_free;
    if (of == no_block)
        of = in.cut++;
    else
        std::memcpy(&in.first_free, in.bytes.get() + std::size_t{of} * room, sizeof of);
    if (++in.used == blocks_of(in)) unlink(at);
    return at << block_bits | of;
}

void block_arena::free(block of) noexcept {
    auto const number = of >> block_bits;
    auto& in = pages_[number];
    if (in.used-- == blocks_of(in)) link(number);
    // The last that has free blocks stays: one block that comes and goes is not a page that does.
    bool const last = in.before == no_page && in.after == no_page;
    if (in.used == 0 && (in.room > shared_max || !last)) {
        unlink(number);
        in.bytes.reset();
        unused_.push_back(number);
        return;
    }
    std::memcpy(at(of), &in.first_free, sizeof in.first_free);
    in.first_free = static_cast<index>(of & block_mask);
}

} // namespace otpd::store
