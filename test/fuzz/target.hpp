#pragma once

/// The framework of a fuzz target: a function of arbitrary bytes, which returns if all is well. A
/// crash of a parser is found without it; `must` finds a parser that accepts what it should not, or
/// reads one input in two ways.
///
/// With libFuzzer each target is a program. Otherwise all are in one (replay.cpp), so their names
/// must differ.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace otpd::fuzz {

/// Ends the program unless the rule holds, which libFuzzer and CTest report.
inline void must(bool holds, char const* rule) {
    if (holds) return;
    std::fprintf(stderr, "BROKEN RULE: %s\n", rule);
    std::abort();
}

using target = void (*)(std::string_view bytes);

/// A target of the single program; see replay.cpp.
struct registration {
    registration(char const* name, target run);
};

/// A copy that ends with its allocation, so that AddressSanitizer detects a read beyond it.
class exact_copy {
public:
    explicit exact_copy(std::string_view text)
        : bytes_(std::make_unique<char[]>(text.size())), size_(text.size()) {
        std::ranges::copy(text, bytes_.get());
    }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

/// Splits an input into the values that a target needs besides text. Every input is valid: missing
/// values are zero or empty.
class cutter {
public:
    explicit cutter(std::string_view bytes) noexcept : rest_(bytes) {}

    std::uint8_t byte() noexcept {
        if (rest_.empty()) return 0;
        auto const first = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return first;
    }
    /// The text before the next line feed.
    std::string_view line() noexcept {
        auto const end = std::min(rest_.find('\n'), rest_.size());
        auto const text = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return text;
    }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

} // namespace otpd::fuzz

/// Defines the head of the function; its body follows. `bytes` is the input.
#define OTPD_FUZZ_TARGET(name)                                                                     \
    static void fuzz_##name(std::string_view bytes);                                               \
    OTPD_FUZZ_ENTRY(name)                                                                          \
    static void fuzz_##name(std::string_view bytes)

#ifdef OTPD_LIBFUZZER
#define OTPD_FUZZ_ENTRY(name)                                                                      \
    extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);             \
    extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {            \
        fuzz_##name({reinterpret_cast<char const*>(data), size});                                  \
        return 0;                                                                                  \
    }
#else
#define OTPD_FUZZ_ENTRY(name)                                                                      \
    static otpd::fuzz::registration const name##_is_known(#name, fuzz_##name);
#endif
