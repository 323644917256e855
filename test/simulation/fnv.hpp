#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace otpd::simulation {

/// FNV-1a, word by word. Only distinguishes two histories.
class fnv {
public:
    template <class T>
        requires(std::is_integral_v<T> || std::is_enum_v<T>)
    fnv& add(T value) noexcept {
        hash_ = (hash_ ^ static_cast<std::uint64_t>(value)) * 0x100000001b3U;
        hash_ ^= hash_ >> 32U; // spreads high bits to the low ones
        return *this;
    }
    fnv& add(std::string_view text) noexcept {
        for (char const c : text)
            add(static_cast<unsigned char>(c));
        return add(text.size());
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return hash_; }

private:
    std::uint64_t hash_ = 0xcbf29ce484222325U;
};

} // namespace otpd::simulation
