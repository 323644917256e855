#pragma once

/// The target of a request (RFC 9112 3.2): the allowed forms and the positions of its parts.

#include "framing_fault.hpp"
#include "otpd/http/method.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace otpd::http {

/// A part of a request's bytes, stored by position because the buffer may move while the request
/// arrives.
struct byte_span {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;

    /// `part` must lie within `bytes`.
    [[nodiscard]] static byte_span make(std::string_view part, std::string_view bytes) noexcept {
        return {static_cast<std::uint32_t>(part.data() - bytes.data()),
                static_cast<std::uint32_t>(part.size())};
    }
    /// `bytes` must begin with the bytes that the span was made from.
    [[nodiscard]] std::string_view of(std::string_view bytes) const noexcept {
        return {bytes.data() + begin, size};
    }
};

/// Whether `text` is host [ ":" port ] without user information (RFC 9112 3.2). Lenient about the
/// syntax of names.
[[nodiscard]] bool is_authority(std::string_view text) noexcept;

/// The target of one request. `bytes` are the bytes of the request received so far.
class request_target {
public:
    /// Stores the target, or returns the fault. `target` must lie within `bytes`.
    [[nodiscard]] std::optional<framing_fault> take(std::string_view target, method verb,
                                                    std::size_t bytes_max, std::string_view bytes);

    [[nodiscard]] std::string_view whole(std::string_view bytes) const noexcept {
        return whole_.of(bytes);
    }
    [[nodiscard]] std::string_view path(std::string_view bytes) const noexcept {
        return path_.size == 0 ? std::string_view("/") : path_.of(bytes);
    }
    [[nodiscard]] std::string_view query(std::string_view bytes) const noexcept {
        return query_.of(bytes);
    }
    /// The authority of a target in absolute form; empty otherwise.
    [[nodiscard]] std::string_view authority(std::string_view bytes) const noexcept {
        return authority_.of(bytes);
    }

private:
    byte_span whole_;
    byte_span authority_;
    byte_span path_;
    byte_span query_;
};

} // namespace otpd::http
