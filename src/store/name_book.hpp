#pragma once

/// Names that many subjects have, counters and slots, each kept once: a state says one in a byte.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

/// Used by one thread at a time. A name that has a number keeps it. Slots are what callers say, so the book
/// takes no more than `names_max` names of `name_size_max` characters; the others have none.
class name_book {
public:
    static constexpr std::uint8_t none = 0;
    static constexpr std::size_t names_max = 255;
    static constexpr std::size_t name_size_max = 48;

    [[nodiscard]] std::uint8_t number(std::string_view name);
    [[nodiscard]] std::string const& name(std::uint8_t number) const noexcept {
        return names_[number - 1U];
    }

private:
    std::vector<std::string> names_; ///< the first is number 1
    /// By hash, or after it when another is there. More than twice as many as names: an end is near.
    std::array<std::uint8_t, 1024> numbers_{};
};

} // namespace otpd::store
