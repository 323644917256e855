#include "name_book.hpp"

namespace otpd::store {

namespace {

/// FNV-1a, 32 bits.
std::uint32_t hash(std::string_view name) noexcept {
    std::uint32_t value = 0x811c9dc5;
    for (auto const c : name)
        value = (value ^ static_cast<std::uint8_t>(c)) * 0x01000193;
    return value;
}

} // namespace

std::uint8_t name_book::number(std::string_view name) {
    if (name.size() > name_size_max) return none;
    auto at = hash(name) % numbers_.size();
    for (; numbers_[at] != none; at = (at + 1) % numbers_.size())
        if (names_[numbers_[at] - 1U] == name) return numbers_[at];
    if (names_.size() == names_max) return none;
    names_.emplace_back(name);
    return numbers_[at] = static_cast<std::uint8_t>(names_.size());
}

} // namespace otpd::store
